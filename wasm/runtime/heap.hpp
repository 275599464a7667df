// The memory of one instance: best fit, neighbours joined when they are free. It is close with
// memory, which a WebAssembly instance never gives back: a stream of `chat` that falls back on
// another model takes 256 KB with it and 320 KB with the C library's allocator. Free blocks are
// listed by their sizes: a dossier that is folded leaves thousands of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fabula::runtime {

// Every block begins with a header and is a multiple of kAlignment; what is handed out is aligned
// to it. Not for threads.
class Heap {
 public:
  static constexpr std::size_t kAlignment = 16;

  // Makes the arena longer by at least `bytes` and gives by how many; 0 when there are no more.
  using Extend = std::size_t (*)(void* arena_owner, std::size_t bytes);

  // The arena begins with `arena_bytes` at `arena`, both multiples of kAlignment, and grows at its
  // end.
  Heap(unsigned char* arena, std::size_t arena_bytes, Extend extend, void* arena_owner);
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // nullptr when there is no memory.
  void* allocate(std::size_t bytes);
  // What allocate() gave, or nullptr.
  void release(void* memory);

 private:
  // Lies in front of what is handed out, at an address that is 8 beyond a multiple of 16.
  struct Header {
    std::uint32_t previous_bytes;  // of the block before this one in memory; 0: there is none
    std::uint32_t bytes_and_use;   // whole block; the lowest bit is set while it is in use
  };
  // In a block that is free.
  struct FreeBlock : Header {
    FreeBlock* next;
    FreeBlock* previous;
  };

  static std::uint32_t bytes_of(const Header* block) { return block->bytes_and_use & ~1U; }
  static bool is_used(const Header* block) { return (block->bytes_and_use & 1U) != 0; }
  static Header* after(Header* block);
  static Header* before(Header* block);

  FreeBlock* find(std::uint32_t bytes);
  FreeBlock* extend(std::uint32_t bytes);
  void link(FreeBlock* block);
  void unlink(FreeBlock* block);
  // Gives the block its size, and its neighbour above the knowledge of it.
  void resize(Header* block, std::uint32_t bytes, bool is_in_use);

  // Small blocks have a list for each size, larger ones for each power of two.
  static constexpr std::size_t kSmallBins = 64;
  static constexpr std::size_t kBins = kSmallBins + 32;
  static std::size_t bin_of(std::uint32_t bytes);

  FreeBlock* free_[kBins] = {};
  std::uint64_t small_ = 0;  // which of the small bins have a block, as bits
  unsigned char* end_;       // of the arena; a used header without payload stands there
  Extend extend_;
  void* arena_owner_;
};

}  // namespace fabula::runtime

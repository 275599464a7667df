// The memory of one instance: best fit, adjacent free blocks are joined. It is economical, since a
// WebAssembly instance never returns memory: most streams of `chat` with 60 KB of history take 256
// KB with it, and 320 KB with the C library's allocator. Free blocks are listed by size, because
// folding a dossier leaves thousands of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fabula::runtime {

// Every block begins with a header and is a multiple of kAlignment, to which payloads are aligned.
// Not thread-safe.
class Heap {
 public:
  static constexpr std::size_t kAlignment = 16;

  // Extends the arena by at least `bytes` and returns by how many; 0 when there are no more.
  using Extend = std::size_t (*)(void* arena_owner, std::size_t bytes);

  // The arena begins with `arena_bytes` at `arena`, both multiples of kAlignment, and grows at its
  // end.
  Heap(unsigned char* arena, std::size_t arena_bytes, Extend extend, void* arena_owner);
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // nullptr when there is no memory.
  void* allocate(std::size_t bytes);
  // Takes a result of allocate(), or nullptr.
  void release(void* memory);

 private:
  // Precedes the payload, at an address that is 8 above a multiple of 16.
  struct Header {
    std::uint32_t previous_bytes;  // of the block before this one in memory; 0: none
    std::uint32_t bytes_and_use;   // whole block; the lowest bit is set while it is in use
  };
  // The links in a free block.
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
  // Sets the block's size, and records it in the block after it.
  void resize(Header* block, std::uint32_t bytes, bool is_in_use);

  // Small blocks have a list for each size, larger ones for each power of two.
  static constexpr std::size_t kSmallBins = 64;
  static constexpr std::size_t kBins = kSmallBins + 32;
  static std::size_t bin_of(std::uint32_t bytes);

  FreeBlock* free_[kBins] = {};
  std::uint64_t small_ = 0;  // the small bins that have a block, as bits
  unsigned char* end_;       // of the arena; a used header without payload is there
  Extend extend_;
  void* arena_owner_;
};

}  // namespace fabula::runtime

// The instance's allocator, on an arena of the test's own.
#include "wasm/runtime/heap.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

using fabula::runtime::Heap;

namespace {

struct Arena {
  static constexpr std::size_t kPage = 65'536;
  explicit Arena(std::size_t pages) : bytes(pages * kPage + Heap::kAlignment) {
    const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
    begin = bytes.data() + (Heap::kAlignment - address % Heap::kAlignment) % Heap::kAlignment;
    limit = pages * kPage;
  }

  static std::size_t extend(void* self, std::size_t wanted) {
    auto* arena = static_cast<Arena*>(self);
    const std::size_t gained = (wanted + kPage - 1) / kPage * kPage;
    if (arena->used + gained > arena->limit) return 0;
    arena->used += gained;
    return gained;
  }

  std::vector<unsigned char> bytes;
  unsigned char* begin;
  std::size_t used = kPage;
  std::size_t limit;
};

struct Block {
  unsigned char* memory;
  std::size_t bytes;
  unsigned char mark;
};

bool is_whole(const Block& block) {
  return std::all_of(block.memory, block.memory + block.bytes,
                     [&block](unsigned char byte) { return byte == block.mark; });
}

}  // namespace

TEST_CASE("blocks are aligned, keep what is written, and never overlap") {
  Arena arena(64);
  Heap heap(arena.begin, Arena::kPage, &Arena::extend, &arena);
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp)
  std::vector<Block> blocks;
  for (int round = 0; round < 100'000; ++round) {
    if (blocks.size() < 200 && random() % 3 != 0) {
      const std::size_t bytes = random() % 8 == 0 ? random() % 20'000 : random() % 300;
      auto* memory = static_cast<unsigned char*>(heap.allocate(bytes));
      if (!memory) continue;
      REQUIRE(reinterpret_cast<std::uintptr_t>(memory) % Heap::kAlignment == 0);
      REQUIRE(memory >= arena.begin);
      REQUIRE(memory + bytes <= arena.begin + arena.used);
      blocks.push_back({memory, bytes, static_cast<unsigned char>(random())});
      std::memset(memory, blocks.back().mark, bytes);
    } else if (!blocks.empty()) {
      const auto index = random() % blocks.size();
      REQUIRE(is_whole(blocks[index]));
      heap.release(blocks[index].memory);
      blocks[index] = blocks.back();
      blocks.pop_back();
    }
  }
  for (const auto& block : blocks) {
    CHECK(is_whole(block));
    heap.release(block.memory);
  }
  // All that was taken apart is one block again.
  const auto all = arena.used - 64;
  void* whole = heap.allocate(all);
  CHECK(whole != nullptr);
  CHECK(arena.used <= 64 * Arena::kPage);
  heap.release(whole);
}

TEST_CASE("a growing text takes little more than its last size") {
  Arena arena(64);
  Heap heap(arena.begin, Arena::kPage, &Arena::extend, &arena);
  void* text = heap.allocate(1000);
  for (std::size_t bytes = 2000; bytes < 1'000'000; bytes *= 2) {
    void* longer = heap.allocate(bytes);
    heap.release(text);
    text = longer;
  }
  CHECK(arena.used <= std::size_t{24} * Arena::kPage);
}

TEST_CASE("without memory there is no block, and the heap goes on") {
  Arena arena(2);
  Heap heap(arena.begin, Arena::kPage, &Arena::extend, &arena);
  CHECK(heap.allocate(3 * Arena::kPage) == nullptr);
  CHECK(heap.allocate(static_cast<std::size_t>(-1)) == nullptr);
  CHECK(heap.allocate(static_cast<std::size_t>(-1) / 2) == nullptr);
  void* small = heap.allocate(0);
  CHECK(small != nullptr);
  heap.release(small);
  heap.release(nullptr);
  CHECK(heap.allocate(100'000) != nullptr);
}

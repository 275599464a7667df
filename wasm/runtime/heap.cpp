#include "wasm/runtime/heap.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace fabula::runtime {
namespace {

constexpr std::uint32_t kHeaderBytes = 8;
// A free block must have room for its list's links.
constexpr std::uint32_t kSmallestBlock =
    kHeaderBytes + 2 * sizeof(void*) > Heap::kAlignment ? 2 * Heap::kAlignment : Heap::kAlignment;
constexpr std::size_t kLargestRequest = std::numeric_limits<std::uint32_t>::max() / 2;

}  // namespace

// The arena's first 8 bytes are unused, so that payloads are aligned; its last 8 hold a header that
// is always in use, so that no block looks past the end.
Heap::Heap(unsigned char* arena, std::size_t arena_bytes, Extend extend, void* arena_owner)
    : end_(arena + arena_bytes), extend_(extend), arena_owner_(arena_owner) {
  auto* first = reinterpret_cast<Header*>(arena + kHeaderBytes);
  first->previous_bytes = 0;
  auto* last = reinterpret_cast<Header*>(end_ - kHeaderBytes);
  last->bytes_and_use = 1;
  resize(first, static_cast<std::uint32_t>(arena_bytes - 2 * kHeaderBytes), false);
  link(static_cast<FreeBlock*>(first));
}

Heap::Header* Heap::after(Header* block) {
  return reinterpret_cast<Header*>(reinterpret_cast<unsigned char*>(block) + bytes_of(block));
}

Heap::Header* Heap::before(Header* block) {
  return reinterpret_cast<Header*>(reinterpret_cast<unsigned char*>(block) - block->previous_bytes);
}

std::size_t Heap::bin_of(std::uint32_t bytes) {
  const std::size_t small = bytes / kAlignment;
  return small < kSmallBins ? small
                            : kSmallBins + static_cast<std::size_t>(std::bit_width(bytes)) - 1;
}

void Heap::link(FreeBlock* block) {
  const auto bin = bin_of(bytes_of(block));
  auto& first = free_[bin];
  block->next = first;
  block->previous = nullptr;
  if (first) first->previous = block;
  first = block;
  if (bin < kSmallBins) small_ |= std::uint64_t{1} << bin;
}

void Heap::unlink(FreeBlock* block) {
  const auto bin = bin_of(bytes_of(block));
  (block->previous ? block->previous->next : free_[bin]) = block->next;
  if (block->next) block->next->previous = block->previous;
  if (bin < kSmallBins && !free_[bin]) small_ &= ~(std::uint64_t{1} << bin);
}

void Heap::resize(Header* block, std::uint32_t bytes, bool is_in_use) {
  block->bytes_and_use = bytes | (is_in_use ? 1U : 0U);
  after(block)->previous_bytes = bytes;
}

Heap::FreeBlock* Heap::find(std::uint32_t bytes) {
  auto bin = bin_of(bytes);
  if (bin < kSmallBins) {
    const auto fitting = small_ >> bin;
    if (fitting != 0) return free_[bin + static_cast<std::size_t>(std::countr_zero(fitting))];
    bin = kSmallBins;
  }
  for (; bin < kBins; ++bin) {
    FreeBlock* best = nullptr;
    for (auto* block = free_[bin]; block; block = block->next) {
      if (bytes_of(block) >= bytes && (!best || bytes_of(block) < bytes_of(best))) best = block;
      if (best && bytes_of(best) == bytes) break;
    }
    if (best) return best;
  }
  return nullptr;
}

// The old end's header becomes a free block, joined with the block before it if that is free.
Heap::FreeBlock* Heap::extend(std::uint32_t bytes) {
  auto* added = reinterpret_cast<Header*>(end_ - kHeaderBytes);
  const bool is_last_free = added->previous_bytes != 0 && !is_used(before(added));
  const std::size_t gained =
      extend_(arena_owner_, bytes - (is_last_free ? added->previous_bytes : 0));
  if (gained == 0) return nullptr;
  end_ += gained;
  reinterpret_cast<Header*>(end_ - kHeaderBytes)->bytes_and_use = 1;
  resize(added, static_cast<std::uint32_t>(gained), true);
  release(reinterpret_cast<unsigned char*>(added) + kHeaderBytes);
  return find(bytes);
}

void* Heap::allocate(std::size_t requested) {
  if (requested > kLargestRequest) return nullptr;
  const auto rounded =
      static_cast<std::uint32_t>((requested + kHeaderBytes + kAlignment - 1) & ~(kAlignment - 1));
  const std::uint32_t bytes = std::max(rounded, kSmallestBlock);
  auto* block = find(bytes);
  if (!block) block = extend(bytes);
  if (!block) return nullptr;
  unlink(block);
  const std::uint32_t rest = bytes_of(block) - bytes;
  if (rest < kSmallestBlock) {
    resize(block, bytes + rest, true);
  } else {
    resize(block, bytes, true);
    auto* unused = static_cast<FreeBlock*>(after(block));
    resize(unused, rest, false);
    link(unused);
  }
  return reinterpret_cast<unsigned char*>(block) + kHeaderBytes;
}

void Heap::release(void* memory) {
  if (!memory) return;
  auto* block = reinterpret_cast<Header*>(static_cast<unsigned char*>(memory) - kHeaderBytes);
  std::uint32_t bytes = bytes_of(block);
  if (auto* next = after(block); !is_used(next)) {
    unlink(static_cast<FreeBlock*>(next));
    bytes += bytes_of(next);
  }
  if (block->previous_bytes != 0 && !is_used(before(block))) {
    block = before(block);
    unlink(static_cast<FreeBlock*>(block));
    bytes += bytes_of(block);
  }
  resize(block, bytes, false);
  link(static_cast<FreeBlock*>(block));
}

}  // namespace fabula::runtime

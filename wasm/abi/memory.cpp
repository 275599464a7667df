// Linked into every module: `new` and `delete` with the instance's own heap instead of the C
// library's, in the memory after the module's data. The instance has one thread and one request.
// Also functions that copy memory: each is one instruction here, equally fast, and 2 KB of loops in
// the C library.
#include <cstddef>
#include <cstdint>
#include <new>

#include "wasm/runtime/heap.hpp"

extern "C" unsigned char __heap_base;  // NOLINT(bugprone-reserved-identifier): the linker's

namespace {

using fabula::runtime::Heap;

constexpr std::size_t kPageBytes = 65'536;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

std::size_t extend_memory(void*, std::size_t bytes) {
  const std::size_t pages = round_up(bytes, kPageBytes) / kPageBytes;
  const bool has_grown = __builtin_wasm_memory_grow(0, pages) != static_cast<std::size_t>(-1);
  return has_grown ? pages * kPageBytes : 0;
}

Heap& heap() {
  alignas(Heap) static unsigned char storage[sizeof(Heap)];
  static Heap* made = nullptr;
  if (!made) {
    const auto begin = round_up(reinterpret_cast<std::uintptr_t>(&__heap_base), Heap::kAlignment);
    std::size_t end = __builtin_wasm_memory_size(0) * kPageBytes;
    constexpr std::size_t kSmallestArena = 64;
    if (end < begin + kSmallestArena) end += extend_memory(nullptr, kPageBytes);
    made = new (storage)
        Heap(reinterpret_cast<unsigned char*>(begin), end - begin, &extend_memory, nullptr);
  }
  return *made;
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* memory = heap().allocate(bytes);
  if (!memory) std::__throw_bad_alloc();
  return memory;
}

void* operator new[](std::size_t bytes) { return operator new(bytes); }
void operator delete(void* memory) noexcept { heap().release(memory); }
void operator delete(void* memory, std::size_t) noexcept { heap().release(memory); }
void operator delete[](void* memory) noexcept { heap().release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { heap().release(memory); }

extern "C" {

void* memcpy(void* __restrict to, const void* __restrict from, std::size_t bytes) {
  return __builtin_memcpy(to, from, bytes);
}

void* memmove(void* to, const void* from, std::size_t bytes) {
  return __builtin_memmove(to, from, bytes);
}

void* memset(void* to, int value, std::size_t bytes) { return __builtin_memset(to, value, bytes); }

}  // extern "C"

// Scans eight bytes at a time in plain 64-bit arithmetic: the stream's parsers use it to skip
// irrelevant bytes, fast also where the C library has no vector instructions (WebAssembly).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fabula::text {

static_assert(std::endian::native == std::endian::little, "the first byte must be the lowest");

inline constexpr std::uint64_t kHighBits = 0x8080808080808080U;

constexpr std::uint64_t eight_of(unsigned char byte) { return byte * 0x0101010101010101U; }

inline std::uint64_t load_eight(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Marks are the high bits of bytes. In the marks of these two functions the lowest is always right;
// above it a borrow may leave false ones, so or marks together and use only the lowest one.
constexpr std::uint64_t marks_below(std::uint64_t word, unsigned char limit) {
  return (word - eight_of(limit)) & ~word & kHighBits;
}
constexpr std::uint64_t marks_equal(std::uint64_t word, unsigned char byte) {
  return marks_below(word ^ eight_of(byte), 1);
}

constexpr std::size_t first_mark(std::uint64_t marks) {
  return static_cast<std::size_t>(std::countr_zero(marks)) / 8;
}

}  // namespace fabula::text

#include "shared/dossier/log/sha256.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace fabula::dossier {
namespace {

constexpr std::size_t kBlockBytes = 64;

constexpr std::array<std::uint32_t, 64> kRoundConstants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using Words = std::array<std::uint32_t, 8>;

std::uint32_t big_endian(const unsigned char* at) {
  return (std::uint32_t{at[0]} << 24U) | (std::uint32_t{at[1]} << 16U) |
         (std::uint32_t{at[2]} << 8U) | std::uint32_t{at[3]};
}

void add_block(Words& hash, const unsigned char* block) {
  std::array<std::uint32_t, 64> schedule;
  for (std::size_t i = 0; i < 16; ++i) schedule[i] = big_endian(block + 4 * i);
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t early = schedule[i - 15];
    const std::uint32_t late = schedule[i - 2];
    schedule[i] = schedule[i - 16] + schedule[i - 7] +
                  (std::rotr(early, 7) ^ std::rotr(early, 18) ^ (early >> 3U)) +
                  (std::rotr(late, 17) ^ std::rotr(late, 19) ^ (late >> 10U));
  }
  Words w = hash;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t first = w[7] +
                                (std::rotr(w[4], 6) ^ std::rotr(w[4], 11) ^ std::rotr(w[4], 25)) +
                                ((w[4] & w[5]) ^ (~w[4] & w[6])) + kRoundConstants[i] + schedule[i];
    const std::uint32_t second = (std::rotr(w[0], 2) ^ std::rotr(w[0], 13) ^ std::rotr(w[0], 22)) +
                                 ((w[0] & w[1]) ^ (w[0] & w[2]) ^ (w[1] & w[2]));
    w = {first + second, w[0], w[1], w[2], w[3] + first, w[4], w[5], w[6]};
  }
  for (std::size_t i = 0; i < w.size(); ++i) hash[i] += w[i];
}

void put_digits(char* to, std::uint64_t word) {
  for (std::size_t i = 16; i > 0; word >>= 4U) to[--i] = "0123456789abcdef"[word & 0xFU];
}

}  // namespace

Digest sha256(std::string_view bytes) {
  Words hash = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t rest = bytes.size();
  for (; rest >= kBlockBytes; rest -= kBlockBytes, data += kBlockBytes) add_block(hash, data);

  // The last block or two: the remaining bytes, a one bit, zeros, and the length in bits.
  std::array<unsigned char, 2 * kBlockBytes> end{};
  if (rest > 0) std::memcpy(end.data(), data, rest);
  end[rest] = 0x80;
  const std::size_t size = rest + 9 <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (std::size_t i = 0; i < 8; ++i) {
    end[size - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
  }
  add_block(hash, end.data());
  if (size > kBlockBytes) add_block(hash, end.data() + kBlockBytes);

  Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = (std::uint64_t{hash[2 * i]} << 32U) | hash[2 * i + 1];
  }
  return digest;
}

std::string digest_text(const Digest& digest) {
  std::array<char, 64> digits;
  for (std::size_t i = 0; i < digest.size(); ++i) put_digits(digits.data() + 16 * i, digest[i]);
  return {digits.data(), digits.size()};
}

std::string word_text(std::uint64_t word) {
  std::array<char, 16> digits;
  put_digits(digits.data(), word);
  return {digits.data(), digits.size()};
}

}  // namespace fabula::dossier

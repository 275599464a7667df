// SHA-256 (FIPS 180-4) for the ids of assertions, on every platform of the core.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace fabula::dossier {

// Big-endian words of the digest, so that comparing them compares the hexadecimal text.
using Digest = std::array<std::uint64_t, 4>;

Digest sha256(std::string_view bytes);

// 64 lower-case hexadecimal digits.
std::string digest_text(const Digest& digest);
// The 16 hexadecimal digits of one word.
std::string word_text(std::uint64_t word);

}  // namespace fabula::dossier

// Encodes short words as numbers, so that a `switch` finds the members of rows and bodies: a log
// has tens of thousands of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fabula::dossier {

// Different for all words of up to twelve letters from a to z and _; 0 for any other text.
constexpr std::uint64_t word_code(std::string_view word) {
  constexpr std::size_t kMaximumLetters = 12;
  if (word.size() > kMaximumLetters) return 0;
  std::uint64_t code = 0;
  for (const char c : word) {
    if ((c < 'a' || c > 'z') && c != '_') return 0;
    code = code << 5U | (c == '_' ? 27U : static_cast<std::uint64_t>(c - 'a') + 1);
  }
  return code;
}

}  // namespace fabula::dossier

// Words in a text, between single spaces: how this folder keeps small tables.
#pragma once

#include <cstdint>
#include <string_view>

namespace fabula::dossier {

constexpr bool has_word(std::string_view words, std::string_view word) {
  for (auto at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) {
      return true;
    }
  }
  return false;
}

// A bit for each first letter, so that most lines of a table need not be searched.
constexpr std::uint32_t initial_bit(char c) { return 1U << (static_cast<unsigned char>(c) & 31U); }

constexpr std::uint32_t initial_bits(std::string_view words) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == 0 || words[i - 1] == ' ') bits |= initial_bit(words[i]);
  }
  return bits;
}

}  // namespace fabula::dossier

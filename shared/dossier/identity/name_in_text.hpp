// Counts how often a name occurs in a text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fabula::dossier {

// Both are folded. Only whole words count, except in scripts without spaces between words.
std::size_t count_name(std::string_view folded_text, std::string_view folded_name);

// For a person's name in folded words, which may also occur in the reverse order.
std::size_t count_name(std::string_view folded_text, std::span<const std::string> words);

}  // namespace fabula::dossier

// How often a name stands in a text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace fabula::dossier {

// Both folded. Only whole words count, but in scripts that put no spaces between words.
std::size_t count_name(std::string_view folded_text, std::string_view folded_name);

// The name is a person's, in folded words; they may stand in the reverse order, too.
std::size_t count_name(std::string_view folded_text, std::span<const std::string> words);

}  // namespace fabula::dossier

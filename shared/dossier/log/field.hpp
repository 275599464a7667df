// Texts of fields: valid names, and when two values are the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/dossier/log/entry.hpp"

namespace fabula::dossier {

// Lower-case letters, digits and underscores, except names that snapshots use otherwise.
bool is_field_name(std::string_view name);

// Blank, or a word like "unknown", "n/a" or "unspecified": such values are dropped.
bool says_nothing(std::string_view value);

// Two values are the same if this form is equal: folded, numbers in words as digits, without words
// that add nothing ("34 years old" is "34", "green eyes" is "green").
std::string comparable(Comparison comparison, std::string_view value);
inline std::string comparable(const Ontology& ontology, std::uint32_t field,
                              std::string_view value) {
  return comparable(ontology.comparison(field), value);
}
// The same for the text of an item.
inline std::string comparable_item(std::string_view text) {
  return comparable(Comparison::words, text);
}

// Removes control characters, and white space at the ends; ill-formed UTF-8 becomes U+FFFD. Cut at
// `maximum_bytes`, never within a character.
std::string clean_text(std::string_view text, std::size_t maximum_bytes);

}  // namespace fabula::dossier

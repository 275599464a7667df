// The lists that a story's settings are chosen from (GET /story/options).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fabula::story {

struct Option {
  std::string_view value;
  // Other spellings that are taken for it; unused places are empty.
  std::array<std::string_view, 5> other_spellings = {};
  // The number of words, for a story's length; else 0.
  std::int64_t words = 0;
};

struct OptionList {
  std::string_view field;  // of the settings, such as "writing_style"
  std::string_view name;   // of the list in the endpoint's answer, such as "writing_styles"
  std::span<const Option> options;
  std::string_view normal;  // the value of a request that names none
  // A person's own text is taken too, of at most kMaximumCustomCharacters.
  bool takes_custom = false;
};

inline constexpr std::size_t kMaximumCustomCharacters = 200;

// In the order of the settings; they live as long as the program.
std::span<const OptionList> option_lists();

// The list of this field. Only for the names of fields that option_lists() has.
const OptionList& options_of(std::string_view field);

// The option that a text means: case, blanks, hyphens and commas make no difference, so that
// "children", "5-12" and "Children (5-12)" are one. nullptr when it means none.
const Option* find_option(const OptionList& list, std::string_view text);

// The body of GET /story/options: each list as {field, options: [{value, words?}], default,
// takes_custom, maximum_characters?}, and the limits of the other settings.
std::string options_json();

}  // namespace fabula::story

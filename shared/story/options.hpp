// The options that a story's settings are chosen from (GET /story/options).
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
  // Other accepted spellings; unused places are empty.
  std::array<std::string_view, 5> other_spellings = {};
  // The number of words, if the option is a story's length; else 0.
  std::int64_t words = 0;
};

struct OptionList {
  std::string_view field;  // name of the setting, such as "writing_style"
  std::string_view name;   // name of the list in the endpoint's answer, such as "writing_styles"
  std::span<const Option> options;
  std::string_view normal;  // the default
  // Also accepts a person's own text, of at most kMaximumCustomCharacters.
  bool takes_custom = false;
};

inline constexpr std::size_t kMaximumCustomCharacters = 200;

// All lists, in the order of the settings; they live as long as the program.
std::span<const OptionList> option_lists();

// The list for this field, which must be in option_lists().
const OptionList& options_of(std::string_view field);

// The option that a text means: case, blanks, hyphens and commas are ignored, so that "children",
// "5-12" and "Children (5-12)" are one. nullptr when it means none.
const Option* find_option(const OptionList& list, std::string_view text);

// The body of GET /story/options: each list as {field, options: [{value, words?}], default,
// takes_custom, maximum_characters?}, and the limits of the other settings.
std::string options_json();

}  // namespace fabula::story

// The modes of a live conversation: the setting FABULA_MODES, a JSON object from names to
//   {"prompt", "tools"?: [names], "keywords"?: [words]}
// The first message of a conversation chooses one: by name, or by a word that it contains; without
// either it is the mode `default`, if there is one. A mode replaces our own prompt, and offers only
// its tools.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::tools {

struct Mode {
  std::string name;
  std::string prompt;
  std::vector<std::string> tools;
  std::vector<std::string> keywords;
};

// internal_error when the setting cannot be used.
Result<std::vector<Mode>> parse_modes(std::string_view setting);

// The mode with this name, or nullptr.
const Mode* find_mode(const std::vector<Mode>& modes, std::string_view name);

// The mode whose keyword is in a conversation's first message; nullptr: none. A keyword must be a
// whole word, in any case of its ASCII letters; the first listed mode wins.
const Mode* choose_mode(const std::vector<Mode>& modes, std::string_view first_text);

}  // namespace fabula::tools

// The prompts. Each prompt is a file of this folder, shared/prompts/<name>.md, which the build
// embeds (cmake/Prompts.cmake): generated/prompts.hpp has kChat for chat.md.
//
//   ---
//   version: 1            increase it when a word below changes
//   is_heading: yes       the text stands between two others, with a blank line around it
//   nothing: (none)       a word that goes into the text: kSummaryQuestionNothing
//   ---
//   The text, without the file's last newline. {{notes}} is a placeholder for a value.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace fabula::prompts {

struct Prompt {
  std::string_view name;
  int version = 0;
  // Name and version, "chat-1": stored with the prompt's results.
  std::string_view label;
  std::string_view text;
};

// The value of each placeholder, by name.
using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// The prompt's text with each placeholder replaced by its value. Values are not searched for
// placeholders. A placeholder without a value stays as it is.
std::string filled(const Prompt& prompt, Values values);

}  // namespace fabula::prompts

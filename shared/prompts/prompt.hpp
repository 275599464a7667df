// What models are told. Each prompt is a file of this folder, shared/prompts/<name>.md, which the
// build embeds (cmake/Prompts.cmake): generated/prompts.hpp has kChat for chat.md.
//
//   ---
//   version: 1            whoever changes a word below adds one
//   is_heading: yes       the text stands between two others, with a blank line around it
//   nothing: (none)       a word that goes into the text: kSummaryQuestionNothing
//   ---
//   The text, without the file's last newline. {{notes}} is a place for a value.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace fabula::prompts {

struct Prompt {
  std::string_view name;
  int version = 0;
  // Name and version, "chat-1": kept with what the prompt has produced.
  std::string_view label;
  std::string_view text;
};

// The value of each place, by the place's name.
using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// The prompt's text with the values in their places, which are not looked through again: what
// stands in a value is never a place. A place without a value stays as it is.
std::string filled(const Prompt& prompt, Values values);

}  // namespace fabula::prompts

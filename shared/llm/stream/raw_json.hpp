// Reading a provider's chunk as spans of its text, level by level: a few walks over each byte
// instead of a document. What has another type than it should is as good as not there. Lone
// surrogates are allowed, and become WTF-8 (see json::append_unescaped).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"

namespace fabula::llm {

// False, and all members stay empty, when `json` is no object.
bool find_members(std::string_view json, std::span<json::RawMember> members);

// The string that `json` is, else an empty one.
json::StringSpan string_in(std::string_view json);
std::string text_in(std::string_view json);

// Calls `read` with the text of each element, when `json` is an array.
template <class Read>
void for_each_element(std::string_view json, Read read) {
  json::Scanner scanner(json, json::LoneSurrogates::allowed);
  if (scanner.peek() != json::Kind::array || !scanner.enter_array()) return;
  while (scanner.next_element()) read(scanner.skip_value());
}

}  // namespace fabula::llm

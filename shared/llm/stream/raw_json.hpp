// Reads a provider's chunk as spans of its text, level by level: a few scans of each byte instead
// of a document. A value of the wrong type counts as missing. Lone surrogates are allowed, and
// become WTF-8 (see json::append_unescaped).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/json/scanner.hpp"

namespace fabula::llm {

// When `json` is no object, returns false and leaves all members empty.
bool find_members(std::string_view json, std::span<json::RawMember> members);

// The string in `json`; empty if it is no string.
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

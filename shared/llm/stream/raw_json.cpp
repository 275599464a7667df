#include "shared/llm/stream/raw_json.hpp"

namespace fabula::llm {

bool find_members(std::string_view json, std::span<json::RawMember> members) {
  return json::find_raw_members(json, members, json::LoneSurrogates::allowed);
}

json::StringSpan string_in(std::string_view json) {
  json::Scanner scanner(json, json::LoneSurrogates::allowed);
  json::StringSpan string;
  if (scanner.peek() == json::Kind::string) scanner.read_string(string);
  return string;
}

std::string text_in(std::string_view json) {
  std::string text;
  json::append_unescaped(text, string_in(json));
  return text;
}

}  // namespace fabula::llm

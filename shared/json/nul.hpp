// JSON allows U+0000 in texts; the database does not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fabula::json {

// Whether the backslash at this place is escaped by the one before it.
inline bool is_escaped(std::string_view json, std::size_t at) {
  const auto other = json.substr(0, at).find_last_not_of('\\');
  const auto backslashes = other == std::string_view::npos ? at : at - other - 1;
  return backslashes % 2 == 1;
}

// The same JSON with \ufffd for each escape of U+0000 (\u0000).
inline std::string without_nul(std::string json) {
  constexpr std::string_view kNul = "\\u0000";
  for (auto at = json.find(kNul); at != std::string::npos; at = json.find(kNul, at + 1)) {
    if (!is_escaped(json, at)) json.replace(at, kNul.size(), "\\ufffd");
  }
  return json;
}

}  // namespace fabula::json

// RFC 9110, section 5.6.2: the characters of methods, header names and media types.
#pragma once

#include <algorithm>
#include <string_view>

#include "shared/text/ascii.hpp"

namespace fabula::http {

constexpr bool is_token_character(char c) {
  constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
  return text::is_alphanumeric(c) || kSymbols.find(c) != std::string_view::npos;
}

constexpr bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

constexpr bool is_visible_ascii(char c) { return c > ' ' && c < '\x7F'; }

}  // namespace fabula::http

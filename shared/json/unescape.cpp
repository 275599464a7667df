// Converts scanned strings to text (append_unescaped of scanner.hpp).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/json/scanner.hpp"
#include "shared/json/unicode_escape.hpp"

namespace fabula::json {
namespace {

char simple_escape(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    default:
      return c;  // quote, backslash, slash
  }
}

// Encodes in UTF-8 without refusing surrogates.
void append_code_point(std::string& out, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
    return;
  }
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      put(0xE0 | code_point >> 12);
    } else {
      put(0xF0 | code_point >> 18);
      put(0x80 | (code_point >> 12 & 0x3F));
    }
    put(0x80 | (code_point >> 6 & 0x3F));
  }
  put(0x80 | (code_point & 0x3F));
}

}  // namespace

void append_unescaped(std::string& out, const StringSpan& string) {
  if (!string.has_escapes) {
    out.append(string.contents);
    return;
  }
  const char* at = string.contents.data();
  const char* const end = at + string.contents.size();
  while (at < end) {
    const char* const escape = std::find(at, end, '\\');
    out.append(at, static_cast<std::size_t>(escape - at));
    if (end - escape < 2) return;
    at = escape;
    const auto unit = unicode_escape(at, end);
    if (!unit) {
      out.push_back(simple_escape(at[1]));
      at += 2;
      continue;
    }
    at += kUnicodeEscapeBytes;
    const auto second = is_high_surrogate(*unit) ? unicode_escape(at, end) : std::nullopt;
    if (second && is_low_surrogate(*second)) {
      at += kUnicodeEscapeBytes;
      append_code_point(out, 0x10000 + ((*unit - 0xD800) << 10) + (*second - 0xDC00));
    } else {
      append_code_point(out, *unit);
    }
  }
}

}  // namespace fabula::json

// The ordinary characters of a JSON string, which reading and writing both skip quickly.
#pragma once

#include "shared/text/word_scan.hpp"

namespace fabula::json {

// The first byte of [at, end) that is a quote, a backslash, a control character or not ASCII.
inline const char* skip_plain_characters(const char* at, const char* end) {
  for (; end - at >= 8; at += 8) {
    const std::uint64_t word = text::load_eight(at);
    const std::uint64_t marks = text::marks_equal(word, '"') | text::marks_equal(word, '\\') |
                                text::marks_below(word, 0x20) | (word & text::kHighBits);
    if (marks != 0) return at + text::first_mark(marks);
  }
  for (; at < end; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
  }
  return at;
}

}  // namespace fabula::json

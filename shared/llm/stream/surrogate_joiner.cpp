#include "shared/llm/stream/surrogate_joiner.hpp"

#include <cstddef>

#include "shared/text/utf8_repair.hpp"

namespace fabula::llm {
namespace {

constexpr std::size_t kSurrogateBytes = 3;

// U+D800..U+DBFF are ED A0..AF xx; U+DC00..U+DFFF are ED B0..BF xx.
bool is_surrogate_at(std::string_view text, std::size_t i, unsigned char second_byte_class) {
  return text.size() - i >= kSurrogateBytes && text[i] == '\xED' &&
         (static_cast<unsigned char>(text[i + 1]) & 0xF0U) == second_byte_class;
}
bool is_first_half_at(std::string_view text, std::size_t i) {
  return is_surrogate_at(text, i, 0xA0);
}
bool is_second_half_at(std::string_view text, std::size_t i) {
  return is_surrogate_at(text, i, 0xB0);
}

// The ten bits of the half at the beginning of `half`.
unsigned payload(std::string_view half) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(half[i]); };
  return (byte(1) & 0x0FU) << 6 | (byte(2) & 0x3FU);
}

void append_character(std::string& out, std::string_view first, std::string_view second) {
  const unsigned code_point = 0x10000U + (payload(first) << 10) + payload(second);
  out.push_back(static_cast<char>(0xF0U | code_point >> 18));
  out.push_back(static_cast<char>(0x80U | (code_point >> 12 & 0x3FU)));
  out.push_back(static_cast<char>(0x80U | (code_point >> 6 & 0x3FU)));
  out.push_back(static_cast<char>(0x80U | (code_point & 0x3FU)));
}

}  // namespace

std::string_view SurrogateJoiner::join(std::string_view wtf8, bool has_lone_surrogates) {
  if (wtf8.empty() || (!has_lone_surrogates && first_half_.empty())) return wtf8;
  joined_.clear();
  if (!first_half_.empty()) {
    if (is_second_half_at(wtf8, 0)) {
      append_character(joined_, first_half_, wtf8);
      wtf8.remove_prefix(kSurrogateBytes);
    } else {
      joined_.append(text::kReplacementCharacter);
    }
    first_half_.clear();
  }
  std::size_t i = 0;
  while (i < wtf8.size()) {
    const bool is_first_half = is_first_half_at(wtf8, i);
    if (is_first_half && i + kSurrogateBytes == wtf8.size()) {
      first_half_ = wtf8.substr(i);
      break;
    }
    if (is_first_half && is_second_half_at(wtf8, i + kSurrogateBytes)) {
      append_character(joined_, wtf8.substr(i), wtf8.substr(i + kSurrogateBytes));
      i += 2 * kSurrogateBytes;
    } else if (is_first_half || is_second_half_at(wtf8, i)) {
      joined_.append(text::kReplacementCharacter);
      i += kSurrogateBytes;
    } else {
      joined_.push_back(wtf8[i++]);
    }
  }
  return joined_;
}

}  // namespace fabula::llm

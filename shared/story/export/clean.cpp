#include "shared/story/export/clean.hpp"

#include <cstdint>

#include "shared/story/export/code_point.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::story {
namespace {

constexpr std::uint32_t kNextLine = 0x85;
constexpr std::uint32_t kLineSeparator = 0x2028;
constexpr std::uint32_t kParagraphSeparator = 0x2029;
constexpr std::uint32_t kByteOrderMark = 0xFEFF;

bool is_forbidden(std::uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == kByteOrderMark) return true;
  return (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

// A lone surrogate in the form that UTF-8 would give it.
bool is_surrogate(std::string_view text, std::size_t at) {
  if (text.size() - at < 3 || static_cast<unsigned char>(text[at]) != 0xED) return false;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  const auto third = static_cast<unsigned char>(text[at + 2]);
  return second >= 0xA0 && second <= 0xBF && third >= 0x80 && third <= 0xBF;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  const char* const end = text.data() + text.size();
  for (std::size_t at = 0; at < text.size();) {
    const auto step = text::utf8_step(text.data() + at, end);
    if (!step.is_valid) {
      clean.append(text::kReplacementCharacter);
      at += is_surrogate(text, at) ? 3 : step.bytes;
      continue;
    }
    const auto character = text.substr(at, step.bytes);
    const auto c = code_point_at(text, at);
    at += step.bytes;
    if (c == '\r' && at < text.size() && text[at] == '\n') continue;
    if (c == '\n' || c == '\r' || c == kNextLine || c == kLineSeparator ||
        c == kParagraphSeparator) {
      clean.push_back('\n');
    } else if (c == '\t') {
      clean.push_back(' ');
    } else if (!is_forbidden(c)) {
      clean.append(character);
    }
  }
  return clean;
}

std::string clean_line(std::string_view text) {
  std::string line;
  for (const char c : clean_text(text)) {
    const char shown = c == '\n' ? ' ' : c;
    if (shown == ' ' && (line.empty() || line.back() == ' ')) continue;
    line.push_back(shown);
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace fabula::story

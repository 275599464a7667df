#include <algorithm>
#include <vector>

#include "shared/dossier/import/heading_lines.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::dossier {
namespace {

bool is_word(char c) { return text::is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80; }

bool is_punctuation(char c) { return c > ' ' && c < 0x7F && !text::is_alphanumeric(c); }

// Removes "{#chapter-one}", which Google Docs writes after a heading.
std::string_view without_id(std::string_view line) {
  if (line.empty() || line.back() != '}') return line;
  const auto begin = line.rfind("{#");
  return begin == std::string_view::npos ? line : without_blanks(line.substr(0, begin));
}

// Marks the bytes that open and close emphasis.
std::vector<bool> emphasis_of(std::string_view line) {
  std::vector<bool> is_emphasis(line.size());
  std::vector<std::size_t> open;
  for (std::size_t at = 0; at < line.size();) {
    const char mark = line[at];
    if (mark == '\\') {
      at += 2;
      continue;
    }
    if (mark != '*' && mark != '_') {
      ++at;
      continue;
    }
    const auto end = std::min(line.find_first_not_of(mark, at), line.size());
    const bool is_behind_text = at > 0 && line[at - 1] != ' ';
    const bool is_before_text = end < line.size() && line[end] != ' ';
    // An underscore within a word is part of it.
    const bool is_within_word = mark == '_' && is_behind_text && is_before_text &&
                                is_word(line[at - 1]) && is_word(line[end]);
    for (; at < end; ++at) {
      const auto opened = std::find_if(open.rbegin(), open.rend(),
                                       [&](std::size_t place) { return line[place] == mark; });
      if (is_within_word) continue;
      if (is_behind_text && opened != open.rend()) {
        is_emphasis[at] = is_emphasis[*opened] = true;
        open.erase(std::next(opened).base());
      } else if (is_before_text) {
        open.push_back(at);
      }
    }
  }
  return is_emphasis;
}

}  // namespace

std::string without_markup(std::string_view line) {
  line = without_id(line);
  // Longer lines are not headings.
  constexpr std::size_t kMaximumBytes = 1000;
  if (line.size() > kMaximumBytes) return std::string(line);
  const auto is_emphasis = emphasis_of(line);
  std::string plain;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (is_emphasis[at]) continue;
    if (line[at] == '\\' && at + 1 < line.size() && is_punctuation(line[at + 1])) ++at;
    plain += line[at];
  }
  return plain;
}

}  // namespace fabula::dossier

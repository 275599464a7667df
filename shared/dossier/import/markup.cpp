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

// "Chapter 1\\", "Chapter 1<br>": a line's end within a paragraph.
std::string_view without_break(std::string_view line) {
  for (const std::string_view mark : {"<br>", "<br/>", "<br />"}) {
    if (line.ends_with(mark)) return without_blanks(line.substr(0, line.size() - mark.size()));
  }
  const auto marks = line.size() - std::min(line.find_last_not_of('\\') + 1, line.size());
  return marks % 2 == 1 ? without_blanks(line.substr(0, line.size() - 1)) : line;
}

// "<h1>Chapter 1</h1>".
std::string_view without_tags(std::string_view line) {
  while (line.size() > 2 && line.front() == '<' && (text::is_alphanumeric(line[1]))) {
    const auto first = line.find('>');
    const auto last = line.rfind("</");
    if (first == std::string_view::npos || last == std::string_view::npos || last <= first ||
        line.find('>', last) != line.size() - 1) {
      break;
    }
    line = without_blanks(line.substr(first + 1, last - first - 1));
  }
  return line;
}

// Which bytes are marks of emphasis: those that open it and those that close it again.
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
  line = without_tags(without_id(without_break(line)));
  // Longer ones are no headings.
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

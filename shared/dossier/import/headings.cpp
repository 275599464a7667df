#include "shared/dossier/import/headings.hpp"

#include <algorithm>
#include <array>

#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

constexpr std::size_t kMaximumLevel = 6;
constexpr std::size_t kFrontMatterLines = 200;
constexpr std::size_t kMaximumUnderlinedBytes = 160;

std::vector<ImportLine> lines_of(std::string_view text) {
  std::vector<ImportLine> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back({begin, end});
    begin = end + 1;
  }
  return lines;
}

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

std::size_t run_of(std::string_view line, char mark) {
  return std::min(line.find_first_not_of(mark), line.size());
}

std::string clean_title(std::string_view title) {
  title = text::trim(title);
  return std::string(text::prefix_bytes(title, kMaximumChapterTitleBytes));
}

class Finder {
 public:
  Finder(std::string_view text, ImportFormat format)
      : text_(text), lines_(lines_of(text)), is_markdown_(format == ImportFormat::markdown) {}

  ImportHeadings find() {
    std::size_t line = is_markdown_ ? read_front_matter() : 0;
    while (line < lines_.size()) line = read_line(line);
    keep_numbers();
    std::sort(found_.headings.begin(), found_.headings.end(),
              [](const ImportHeading& a, const ImportHeading& b) { return a.begin < b.begin; });
    return std::move(found_);
  }

 private:
  std::string_view whole(std::size_t line) const {
    return text_.substr(lines_[line].begin, lines_[line].end - lines_[line].begin);
  }
  std::string_view trimmed(std::size_t line) const { return text::trim(whole(line)); }
  bool is_blank(std::size_t line) const { return line >= lines_.size() || trimmed(line).empty(); }
  // The first of the text, or after an empty one.
  bool is_after_blank(std::size_t line) const {
    return line == 0 || lines_[line].begin == found_.begin || is_blank(line - 1);
  }

  // Returns the line behind it.
  std::size_t read_front_matter() {
    if (lines_.empty() || whole(0) != "---") return 0;
    bool has_member = false;
    const auto count = std::min(lines_.size(), kFrontMatterLines);
    std::string title;
    for (std::size_t i = 1; i < count; ++i) {
      const auto line = text::trim(whole(i));
      if (line == "---" || line == "...") {
        if (!has_member) return 0;
        found_.title = title;
        found_.begin = std::min(lines_[i].end + 1, text_.size());
        return i + 1;
      }
      const auto colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      has_member = true;
      if (text::equal_ignoring_case(line.substr(0, colon), "title")) {
        auto value = text::trim(line.substr(colon + 1));
        if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
            value.back() == value.front()) {
          value = value.substr(1, value.size() - 2);
        }
        title = clean_title(value);
      }
    }
    return 0;
  }

  void add(std::size_t first, std::size_t last, std::size_t level, std::string_view title) {
    found_.headings.push_back({lines_[first].begin, lines_[last].end, level, clean_title(title)});
  }

  // Returns the next line to look at.
  std::size_t read_line(std::size_t line) {
    const auto words = trimmed(line);
    if (words.empty()) return line + 1;
    if (is_markdown_) {
      if (const auto end = fence_end(line); end > line) return end;
      if (read_marked(line)) return line + 1;
    }
    if (read_underlined(line)) return line + 2;
    if (is_break_line(words)) {
      found_.breaks.push_back({lines_[line].begin, lines_[line].end, 1, {}});
    } else if (is_after_blank(line)) {
      if (is_chapter_line(words)) {
        add(line, line, 1, words);
      } else if (is_blank(line + 1) && lone_number(words) > 0) {
        numbers_.push_back(line);
      }
    }
    return line + 1;
  }

  // "## The Sea ##".
  bool read_marked(std::size_t line) {
    auto words = whole(line);
    const auto indent = indent_of(words);
    words.remove_prefix(indent);
    const auto level = run_of(words, '#');
    if (indent > 3 || level == 0 || level > kMaximumLevel) return false;
    words.remove_prefix(level);
    if (words.empty() || (words.front() != ' ' && words.front() != '\t')) return false;
    words = text::trim(words);
    auto title = words;
    while (!title.empty() && title.back() == '#') title.remove_suffix(1);
    if (!title.empty() && title.back() != ' ' && title.size() != words.size()) title = words;
    title = text::trim(title);
    if (title.empty()) return false;
    add(line, line, level, title);
    return true;
  }

  // A line alone, with a line of = or - below it.
  bool read_underlined(std::size_t line) {
    const auto words = trimmed(line);
    if (line + 1 >= lines_.size() || !is_after_blank(line) || is_break_line(words) ||
        words.size() > kMaximumUnderlinedBytes || indent_of(whole(line)) > 3) {
      return false;
    }
    const auto under = trimmed(line + 1);
    const bool is_first = !under.empty() && run_of(under, '=') == under.size();
    const bool is_second = !under.empty() && run_of(under, '-') == under.size();
    if ((!is_first && !is_second) || under.size() < 3) return false;
    // Dashes below a sentence are a break between scenes more often than a heading.
    constexpr std::string_view kSentenceEnds = ".!?,;:\"";
    if (is_second && kSentenceEnds.find(words.back()) != std::string_view::npos) return false;
    if (is_markdown_ && (words.front() == '>' || words.substr(0, 2) == "- ")) return false;
    add(line, line + 1, is_first ? 1 : 2, words);
    return true;
  }

  // The line behind fenced code that begins at `line`; the line itself when none does. A fence that
  // nothing closes is none: it would hide the rest of the book.
  std::size_t fence_end(std::size_t line) {
    auto words = whole(line);
    const auto indent = indent_of(words);
    if (indent > 3 || indent == words.size()) return line;
    words.remove_prefix(indent);
    const char mark = words.front();
    if (mark != '`' && mark != '~') return line;
    const auto length = run_of(words, mark);
    if (length < 3 || words.substr(length).find('`') != std::string_view::npos) return line;
    auto& unclosed = unclosed_[mark == '`' ? 0 : 1];
    if (length >= unclosed) return line;
    for (auto next = line + 1; next < lines_.size(); ++next) {
      const auto end = trimmed(next);
      if (indent_of(whole(next)) <= 3 && run_of(end, mark) == end.size() && end.size() >= length) {
        return next + 1;
      }
    }
    unclosed = length;
    return line;
  }

  // Numbers alone are headings where they count up, from 1 on: others are page numbers or years.
  void keep_numbers() {
    std::vector<std::size_t> kept;
    std::size_t last = 0;
    for (const auto line : numbers_) {
      const auto number = lone_number(trimmed(line));
      if (number != last + 1 && number != 1) continue;
      kept.push_back(line);
      last = number;
    }
    if (kept.size() < 2) return;
    for (const auto line : kept) add(line, line, 2, trimmed(line));
  }

  std::string_view text_;
  std::vector<ImportLine> lines_;
  bool is_markdown_;
  ImportHeadings found_;
  std::vector<std::size_t> numbers_;  // lines
  // Lengths from which on no fence of ` or ~ is closed any more.
  std::array<std::size_t, 2> unclosed_{static_cast<std::size_t>(-1), static_cast<std::size_t>(-1)};
};

}  // namespace

ImportHeadings find_headings(std::string_view text, ImportFormat format) {
  return Finder(text, format).find();
}

}  // namespace fabula::dossier

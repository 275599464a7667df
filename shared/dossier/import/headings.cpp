#include "shared/dossier/import/headings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

constexpr std::size_t kMaximumLevel = 6;
constexpr std::size_t kMaximumUnderlinedBytes = 160;
constexpr std::size_t kMaximumHeadingBytes = 500;

std::size_t indent_of(std::string_view line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

std::size_t run_of(std::string_view line, char mark) {
  return std::min(line.find_first_not_of(mark), line.size());
}

// Whether the line ends as a sentence does, within quotation marks or not.
bool ends_sentence(std::string_view line) {
  constexpr std::string_view kEnds = ". ! ? : … \" ” ’ ' » “ ) * _ 。 ！ ？ 」 』 ） ： ～";
  bool is_end = false;
  text::for_each_word(kEnds, [&](std::string_view end) {
    is_end = is_end || (line.size() >= end.size() && line.substr(line.size() - end.size()) == end);
  });
  return is_end;
}

class Finder {
 public:
  Finder(std::string_view text, ImportFormat format)
      : text_(text), lines_(lines_of(text)), is_markdown_(format == ImportFormat::markdown) {}

  ImportHeadings find() {
    std::size_t line = is_markdown_ ? skip_front_matter() : 0;
    has_paragraphs_of_lines_ = has_no_blank_line(line);
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
  std::string_view trimmed(std::size_t line) const { return without_blanks(whole(line)); }
  bool is_blank(std::size_t line) const { return line >= lines_.size() || trimmed(line).empty(); }
  bool has_no_blank_line(std::size_t first) const {
    auto end = lines_.size();
    while (end > first && is_blank(end - 1)) --end;
    while (first < end && is_blank(first)) ++first;
    while (first < end && !is_blank(first)) ++first;
    return first == end;
  }
  // The first of the text, or after an empty one.
  bool is_after_blank(std::size_t line) const {
    return line == 0 || lines_[line].begin == found_.begin || is_blank(line - 1);
  }

  // Returns the index of the line after it.
  std::size_t skip_front_matter() {
    auto front = read_front_matter(text_, lines_, heading_lines_);
    if (front.lines == 0) return 0;
    found_.title = std::move(front.title);
    found_.begin = std::min(lines_[front.lines - 1].end + 1, text_.size());
    return front.lines;
  }

  // `title` is without markup.
  void add(std::size_t first, std::size_t last, std::size_t level, std::string_view title) {
    title = text::prefix_bytes(without_blanks(title), kMaximumChapterTitleBytes);
    found_.headings.push_back({lines_[first].begin, lines_[last].end, level, std::string(title)});
  }

  // Whether a line begins a paragraph without an empty line before it: the line above ends a
  // sentence or is a heading, and the line below begins like a sentence. This is also true in texts
  // that have each paragraph on one line.
  bool is_between_sentences(std::size_t line) const {
    if (line + 1 < lines_.size() && begins_small(trimmed(line + 1))) return false;
    const auto above = trimmed(line - 1);
    const bool is_below_heading =
        !found_.headings.empty() && found_.headings.back().end == lines_[line - 1].end;
    return is_below_heading || is_break_line(above) || is_title_page_until(line) ||
           ends_sentence(above);
  }

  // Whether only a few short lines are above it: a title, an author.
  bool is_title_page_until(std::size_t line) const {
    constexpr std::size_t kMaximumLines = 5;
    constexpr std::size_t kMaximumBytes = 120;
    if (line > kMaximumLines) return false;
    for (std::size_t above = 0; above < line; ++above) {
      if (trimmed(above).size() > kMaximumBytes) return false;
    }
    return true;
  }

  // Returns the next line to examine.
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
      return line + 1;
    }
    if (words.size() > kMaximumHeadingBytes) return line + 1;
    const bool is_within = !is_after_blank(line);
    if (is_within && !is_between_sentences(line)) return line + 1;
    const auto plain = without_markup(words);
    if (heading_lines_.is_chapter(plain, is_within)) {
      add(line, line, 1, without_frame(plain));
    } else if (!is_within || has_paragraphs_of_lines_) {
      read_number(line, plain);
    }
    return line + 1;
  }

  void read_number(std::size_t line, std::string_view plain) {
    const bool is_before_text = line + 1 < lines_.size() && !begins_small(trimmed(line + 1));
    if (const auto number = heading_lines_.lone_number(plain)) {
      numbers_.push_back({line, number, false});
      if (is_within_sentence(line)) has_page_numbers_ = true;
      if (!is_blank(line + 1) && !is_before_text) numbers_.pop_back();
    } else if (is_blank(line + 1) || (has_paragraphs_of_lines_ && is_before_text)) {
      const auto before_title = heading_lines_.number_of_title(plain);
      if (before_title > 0) numbers_.push_back({line, before_title, true});
    }
  }

  // A page's number: the sentence that it interrupts goes on below it.
  bool is_within_sentence(std::size_t line) const {
    auto above = line;
    while (above > 0 && is_blank(above - 1)) --above;
    auto below = line + 1;
    while (below < lines_.size() && is_blank(below)) ++below;
    return above > 0 && below < lines_.size() && begins_small(trimmed(below)) &&
           !ends_sentence(trimmed(above - 1));
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
    has_marked_ = true;
    add(line, line, level, without_markup(title));
    return true;
  }

  // Reads a line on its own with a line of = or - below it.
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
    add(line, line + 1, is_first ? 1 : 2, without_markup(words));
    return true;
  }

  // The line after fenced code that begins at `line`; `line` itself without one. An unclosed fence
  // is ignored, since it would hide the rest of the book.
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

  bool is_directly_before(std::size_t line, std::size_t next) const {
    while (++line < next) {
      if (!is_blank(line)) return false;
    }
    return true;
  }

  // Numbers are headings if they ascend from 1: others are page numbers or years. Numbers with
  // titles may also be a list, whose items have nothing between them, or be below headings.
  void keep_numbers() {
    std::vector<std::size_t> kept;
    std::size_t last = 0;
    bool has_title = false;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      const auto& number = numbers_[i];
      if (!number.has_title && has_page_numbers_) continue;
      if (number.has_title &&
          (has_marked_ ||
           (i + 1 < numbers_.size() && is_directly_before(number.line, numbers_[i + 1].line)))) {
        continue;
      }
      if (number.value != last + 1 && number.value != 1) continue;
      kept.push_back(number.line);
      has_title = has_title || number.has_title;
      last = number.value;
    }
    if (kept.size() < 2 || (has_title && kept.size() < found_.headings.size())) return;
    for (const auto line : kept) add(line, line, 2, without_frame(without_markup(trimmed(line))));
  }

  std::string_view text_;
  std::vector<ImportLine> lines_;
  bool is_markdown_;
  ImportHeadings found_;
  HeadingLines heading_lines_;
  bool has_paragraphs_of_lines_ = false;  // there is no empty line
  bool has_marked_ = false;               // with #
  bool has_page_numbers_ = false;
  struct Number {
    std::size_t line;
    std::size_t value;
    bool has_title;
  };
  std::vector<Number> numbers_;
  // For ` and ~: the shortest fence that is known to have no end.
  std::array<std::size_t, 2> unclosed_{static_cast<std::size_t>(-1), static_cast<std::size_t>(-1)};
};

}  // namespace

std::vector<ImportLine> lines_of(std::string_view text) {
  std::vector<ImportLine> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back({begin, end});
    begin = end + 1;
  }
  return lines;
}

ImportHeadings find_headings(std::string_view text, ImportFormat format) {
  return Finder(text, format).find();
}

}  // namespace fabula::dossier

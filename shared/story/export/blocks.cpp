#include "shared/story/export/blocks.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "shared/story/export/clean.hpp"
#include "shared/story/export/code_point.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/split.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kLongestVerseLine = 60;  // in characters
constexpr std::size_t kDeepestHeading = 6;

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && is_white_space(code_point_at(line, 0))) {
    line.remove_prefix(text::utf8_step(line.data(), line.data() + line.size()).bytes);
  }
  while (!line.empty()) {
    const auto last = code_point_before(line, line.size());
    if (!is_white_space(last)) break;
    line.remove_suffix(last < 0x80 ? 1 : last < 0x800 ? 2 : 3);
  }
  return line;
}

// Three of one mark, or a single mark that is a break by itself.
bool is_scene_break(std::string_view line) {
  static constexpr std::array<std::string_view, 12> kRepeated{"*", "-", "_", "~", "=",  "#",
                                                              "•", "—", "–", "※", "＊", "◆"};
  static constexpr std::array<std::string_view, 6> kSingle{"#", "⁂", "❦", "※", "◆", "•"};
  std::string marks;
  for (std::size_t at = 0; at < line.size();) {
    const auto bytes = text::utf8_step(line.data() + at, line.data() + line.size()).bytes;
    if (!is_white_space(code_point_at(line, at)) && line[at] != '\\') {
      marks.append(line.substr(at, bytes));
    }
    at += bytes;
  }
  if (std::find(kSingle.begin(), kSingle.end(), marks) != kSingle.end()) return true;
  return std::any_of(kRepeated.begin(), kRepeated.end(), [&](std::string_view mark) {
    if (marks.size() < 3 * mark.size() || marks.size() % mark.size() != 0) return false;
    for (std::size_t at = 0; at < marks.size(); at += mark.size()) {
      if (std::string_view(marks).substr(at, mark.size()) != mark) return false;
    }
    return true;
  });
}

// The words in "## Words ##", or nothing.
std::string_view heading_words(std::string_view line) {
  const auto depth = std::min(line.find_first_not_of('#'), line.size());
  if (depth == 0 || depth > kDeepestHeading || depth == line.size() || line[depth] != ' ') {
    return {};
  }
  line = trimmed(line.substr(depth));
  const auto last = line.find_last_not_of('#');
  if (last != std::string_view::npos && line[last] == ' ') line = trimmed(line.substr(0, last));
  return line;
}

class BlockReader {
 public:
  explicit BlockReader(std::string_view clean) {
    text::Splitter lines(clean, '\n');
    bool was_text = false;
    bool was_blank = false;
    while (const auto line = lines.next()) {
      const bool is_blank = text::is_blank(*line);
      if (is_blank) {
        was_blank = was_text;
      } else {
        has_blank_lines_ = has_blank_lines_ || was_blank;
        was_text = true;
      }
    }
    text::Splitter again(clean, '\n');
    while (const auto line = again.next()) read_line(trimmed(*line));
    end_group();
    if (!blocks_.empty() && blocks_.back().kind == BlockKind::scene_break) blocks_.pop_back();
  }

  Blocks take() { return std::move(blocks_); }

 private:
  void read_line(std::string_view line) {
    if (text::is_blank(line)) return end_group();
    if (is_scene_break(line)) {
      end_group();
      if (!blocks_.empty() && blocks_.back().kind != BlockKind::scene_break) {
        blocks_.push_back({BlockKind::scene_break, {}});
      }
      return;
    }
    if (const auto words = heading_words(line); !words.empty()) {
      end_group();
      add(BlockKind::heading, words);
      return;
    }
    const bool is_quote = line.size() > 1 && line.front() == '>';
    if (is_quote) line = trimmed(line.substr(line.find_first_not_of('>')));
    if (text::is_blank(line)) return end_group();
    if (is_quote != is_quote_) end_group();
    is_quote_ = is_quote;
    // A final backslash is Markdown's other line break.
    if (line.size() > 1 && line.back() == '\\') line = trimmed(line.substr(0, line.size() - 1));
    group_.emplace_back(line);
  }

  void end_group() {
    const auto kind = is_quote_ ? BlockKind::quote : BlockKind::paragraph;
    const bool is_verse =
        has_blank_lines_ && std::all_of(group_.begin(), group_.end(), [](const auto& line) {
          return text::count_code_points(line) <= kLongestVerseLine;
        });
    std::string verse;
    for (const auto& line : group_) {
      if (!is_verse) {
        add(kind, line);
      } else {
        if (!verse.empty()) verse.push_back('\n');
        verse.append(line);
      }
    }
    if (!verse.empty()) add(kind, verse);
    group_.clear();
    is_quote_ = false;
  }

  void add(BlockKind kind, std::string_view text) {
    auto spans = read_inline_marks(text);
    if (!text::is_blank(plain(spans))) blocks_.push_back({kind, std::move(spans)});
  }

  Blocks blocks_;
  std::vector<std::string> group_;
  bool is_quote_ = false;
  bool has_blank_lines_ = false;
};

}  // namespace

Blocks read_blocks(std::string_view text) {
  const auto clean = clean_text(text);
  return BlockReader(clean).take();
}

}  // namespace fabula::story

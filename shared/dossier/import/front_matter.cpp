#include <algorithm>
#include <string>
#include <vector>

#include "shared/dossier/import/headings.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

constexpr std::size_t kMaximumFrontMatterLines = 200;
constexpr std::size_t kMaximumKeyBytes = 60;
constexpr std::size_t kMaximumKeyWords = 3;
// Front matter has at least one of these members; other such blocks may list the cast.
constexpr std::string_view kKnownKeys =
    "author authors date tags draft status lang language series genre categories keywords created "
    "updated modified id uuid aliases layout publish published slug version copyright publisher "
    "subtitle description summary cover isbn rights автор дата теги autor autorin datum auteur "
    "fecha etiquetas 作者 日期 标签 著者 작가 저자 날짜";

// The key of "key: value" or "key:"; "" for other lines.
std::string_view key_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > kMaximumKeyBytes) return {};
  if (colon + 1 < line.size() && line[colon + 1] != ' ' && line[colon + 1] != '\t') return {};
  const auto key = line.substr(0, colon);
  if (key.find_first_of(".,;!?\"'()") != std::string_view::npos) return {};
  const auto spaces = static_cast<std::size_t>(std::count(key.begin(), key.end(), ' '));
  return spaces < kMaximumKeyWords ? key : std::string_view();
}

bool is_known(std::string_view key) {
  bool is_found = false;
  text::for_each_word(kKnownKeys, [&](std::string_view known) {
    is_found = is_found || text::equal_ignoring_case(key, known);
  });
  return is_found;
}

// A line that is no member: the continuation of a value, an item, or a comment.
bool is_other_line(std::string_view line) {
  constexpr std::string_view kBegins = " \t#]}";
  return kBegins.find(line.front()) != std::string_view::npos || line == "-" ||
         line.substr(0, 2) == "- ";
}

}  // namespace

FrontMatter read_front_matter(std::string_view text, const std::vector<ImportLine>& lines,
                              const HeadingLines& heading_lines) {
  const auto whole = [&](std::size_t line) {
    return text.substr(lines[line].begin, lines[line].end - lines[line].begin);
  };
  if (lines.empty() || text::trim(whole(0)) != "---") return {};
  FrontMatter found;
  bool has_known_key = false;
  std::vector<std::string_view> keys;
  const auto count = std::min(lines.size(), kMaximumFrontMatterLines);
  for (std::size_t i = 1; i < count; ++i) {
    const auto line = whole(i);
    const auto trimmed = text::trim(line);
    if (trimmed == "---" || trimmed == "...") {
      if (!has_known_key) return {};
      found.lines = i + 1;
      return found;
    }
    if (trimmed.empty() || is_other_line(line)) {
      if (i == 1 && trimmed.empty()) return {};
      continue;
    }
    const auto key = key_of(line);
    if (key.empty() || std::find(keys.begin(), keys.end(), key) != keys.end()) return {};
    keys.push_back(key);
    const bool is_title = heading_lines.is_title_key(key);
    has_known_key = has_known_key || is_title || is_known(key);
    if (!is_title) continue;
    auto value = text::trim(line.substr(key.size() + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    found.title = std::string(text::prefix_bytes(text::trim(value), kMaximumChapterTitleBytes));
  }
  return {};
}

}  // namespace fabula::dossier

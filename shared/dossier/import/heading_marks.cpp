#include "shared/dossier/import/heading_marks.hpp"

#include <algorithm>

#include "shared/text/blank.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {

std::string_view begin_of(std::string_view text, std::string_view list) {
  std::string_view longest;
  text::for_each_word(list, [&](std::string_view word) {
    if (word.size() > longest.size() && text.substr(0, word.size()) == word) longest = word;
  });
  return longest;
}

bool ends_with_any(std::string_view text, std::string_view list) {
  bool is_found = false;
  text::for_each_word(list, [&](std::string_view end) {
    is_found =
        is_found || (text.size() >= end.size() && text.substr(text.size() - end.size()) == end);
  });
  return is_found;
}

std::string_view without_frame(std::string_view line) {
  constexpr std::string_view kOpening =
      "= - ~ * _ # [ ( < 【 《 〈 「 『 ［ （ 〔 — – ─ ━ • ◆ ◇ ★ ☆ ● ○ ■ □ ※ ～ 〜 ＊";
  constexpr std::string_view kClosing =
      "= - ~ * _ # ] ) > 】 》 〉 」 』 ］ ） 〕 — – ─ ━ • ◆ ◇ ★ ☆ ● ○ ■ □ ※ ～ 〜 ＊";
  line.remove_prefix(std::min(line.find_first_not_of('#'), line.size()));
  while (true) {
    line = without_blanks(line);
    const auto first = begin_of(line, kOpening);
    if (first.empty() || !ends_with_any(line, kClosing)) return line;
    const auto inner = line.substr(first.size());
    std::size_t last = 0;
    text::for_each_word(kClosing, [&](std::string_view end) {
      if (ends_with_any(inner, end)) last = end.size();
    });
    if (last == 0) return line;
    line = inner.substr(0, inner.size() - last);
  }
}

bool is_break_line(std::string_view line) {
  // One of the first is enough; of the others there are three.
  constexpr std::string_view kSigns = "⁂ ※ ＊ ◆ ◇ ★ ☆ ● ○ ■ □";
  constexpr std::string_view kMarks = "* - _ ~ = # • — – ― ─ ━ ～ 〜";
  if (line == "#") return true;
  bool has_sign = false;
  std::size_t count = 0;
  std::string_view mark;
  for (auto rest = without_blanks(line); !rest.empty(); rest = without_blanks(rest)) {
    auto first = begin_of(rest, kSigns);
    if (first.empty()) {
      first = begin_of(rest, kMarks);
      if (first.empty() || (!mark.empty() && first != mark)) return false;
      mark = first;
      ++count;
    } else {
      has_sign = true;
    }
    rest.remove_prefix(first.size());
  }
  return has_sign || count >= 3;
}

std::string_view without_blanks(std::string_view line) {
  while (!line.empty()) {
    std::size_t bytes = 1;
    while (bytes < line.size() && (static_cast<unsigned char>(line[bytes]) & 0xC0U) == 0x80U) {
      ++bytes;
    }
    if (!text::is_blank(line.substr(0, bytes))) break;
    line.remove_prefix(bytes);
  }
  while (!line.empty()) {
    std::size_t begin = line.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(line[begin]) & 0xC0U) == 0x80U) --begin;
    if (!text::is_blank(line.substr(begin))) break;
    line.remove_suffix(line.size() - begin);
  }
  return line;
}

}  // namespace fabula::dossier

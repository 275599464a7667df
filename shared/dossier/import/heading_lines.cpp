#include "shared/dossier/import/heading_lines.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "shared/dossier/import/heading_numbers.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

using Words = std::vector<HeadingWord>;

constexpr std::size_t kMaximumLineCharacters = 120;
constexpr std::size_t kMaximumTitleCharacters = 80;

bool is_any_of(std::string_view list, std::string_view wanted) {
  bool is_found = false;
  text::for_each_word(list, [&](std::string_view word) { is_found = is_found || word == wanted; });
  return is_found;
}

// The longest word in the list with which the text begins, or "".
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

constexpr std::string_view kUnfinishedEnds = ". , ; 。 ， 、 ； ．";

// Removes marks around headings, as in "[Chapter 1]", "=== 3 ===" and "【第一章】".
std::string_view without_frame(std::string_view line) {
  constexpr std::string_view kOpening = "= - ~ * _ # [ < 【 《 〈 「 『 ［ — –";
  constexpr std::string_view kClosing = "= - ~ * _ # ] > 】 》 〉 」 』 ］ — –";
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

// A label is the part of a heading that numbers or names it: "Chapter 1", "第一章".

// Whether the words after a label, from `at` on, are a title and not a sentence: "Part one of the
// plan failed."
bool is_title_behind(std::string_view line, const Words& words, std::size_t at,
                     bool is_within_paragraph) {
  const auto is_separator = [](const HeadingWord& word) {
    constexpr std::string_view kSeparators = ". : - ( ) [ ] | / > · ・ 、 〈 < \"";
    return word.is_mark && is_any_of(kSeparators, word.folded);
  };
  const auto label_end = at;
  while (at < words.size() && is_separator(words[at])) ++at;
  if (at == words.size()) return true;
  const bool is_set_off = at > label_end;
  if (words[at].is_mark && !is_set_off) return false;
  const bool is_sentence = ends_with_any(line, kUnfinishedEnds);
  if (is_set_off) return !is_within_paragraph || !is_sentence;
  const bool is_small = words[at].is_lower && !words[0].is_lower;
  return !is_small && !is_sentence;
}

// The end of the label at the beginning of the words, in one of the languages.
std::optional<std::size_t> label_end(const HeadingVocabulary& vocabulary, const Words& words,
                                     std::size_t language) {
  const auto has = [&](std::size_t at, HeadingRole role) {
    return at < words.size() && !words[at].is_mark &&
           vocabulary.has(words[at].folded, role, language);
  };
  const auto is_mark = [&](std::size_t at, std::string_view marks) {
    return at < words.size() && words[at].is_mark && is_any_of(marks, words[at].folded);
  };
  if (has(0, HeadingRole::division)) {
    std::size_t at = 1;
    while (is_mark(at, ". # no : -")) ++at;
    if (at == 1 && has(at, HeadingRole::article)) ++at;
    // "No. 1", "Nr. 1".
    if (at + 2 < words.size() && is_any_of("no nr n num", words[at].folded) &&
        is_mark(at + 1, ". °")) {
      at += 2;
    }
    if (const auto number = heading_number(vocabulary, words, at, language)) return number->next;
    // "Chapter 1-The Sea".
    if (at < words.size() && !words[at].is_mark) {
      const auto hyphen = words[at].folded.find('-');
      if (hyphen != std::string::npos) {
        Words first{words[at]};
        first[0].folded.resize(hyphen);
        if (heading_number(vocabulary, first, 0, language)) return at + 1;
      }
    }
    return std::nullopt;
  }
  const std::size_t first = has(0, HeadingRole::article) ? 1 : 0;
  const auto number = heading_number(vocabulary, words, first, language);
  if (!number || number->kind == NumberKind::cardinal) return std::nullopt;
  auto at = number->next;
  const bool has_stop = is_mark(at, ".");
  if (has_stop) ++at;
  if (number->kind == NumberKind::digits && !has_stop &&
      !kHeadingLanguages[language].counts_before) {
    return std::nullopt;
  }
  return has(at, HeadingRole::division) ? std::optional(at + 1) : std::nullopt;
}

// "Prologue", "Epilogue: Rain", "Пролог. Море".
bool is_part_alone(std::string_view line, const Words& words, const HeadingVocabulary& vocabulary) {
  if (words.empty() || !vocabulary.has(words[0].folded, HeadingRole::alone)) return false;
  if (words.size() == 1) return true;
  if (!words[1].is_mark || !is_any_of(". : -", words[1].folded)) return false;
  return words.size() == 2 || (!words[2].is_lower && !ends_with_any(line, kUnfinishedEnds) &&
                               text::count_code_points(line) <= kMaximumTitleCharacters);
}

// "第一章", "第12回 海", "제3장: 바다", "3화", "卷一", "序章　雨".
bool is_east_asian_chapter(std::string_view line) {
  constexpr auto& kWords = kEastAsianHeadings;
  // Whether a space or a mark precedes the title.
  const auto separated = [](std::string_view rest) {
    const auto bare = without_blanks(rest);
    constexpr std::string_view kMarks = ": ： 、 ・ · - — – ― . ． ( （ 「 『 《 〈 【 | ～ ~";
    return bare.size() < rest.size() || !begin_of(rest, kMarks).empty();
  };
  const auto is_title = [&](std::string_view rest) {
    if (rest.empty()) return true;
    if (text::count_code_points(rest) > kMaximumTitleCharacters / 2) return false;
    if (separated(rest)) return !ends_with_any(rest, kUnfinishedEnds);
    constexpr std::string_view kPunctuation = "。 ， 、 ！ ？ ； , . ! ?";
    bool is_sentence = false;
    text::for_each_word(kPunctuation, [&](std::string_view mark) {
      is_sentence = is_sentence || rest.find(mark) != std::string_view::npos;
    });
    return !is_sentence && begin_of(rest, kWords.particles).empty();
  };
  if (const auto alone = begin_of(line, kWords.alone); !alone.empty()) {
    const auto rest = line.substr(alone.size());
    if (rest.empty() || (separated(rest) && is_title(rest))) return true;
  }
  if (const auto volume = begin_of(line, kWords.volumes); !volume.empty()) {
    const auto number = east_asian_number(line.substr(volume.size()));
    const auto rest = line.substr(volume.size() + number.bytes);
    if (number.value > 0 && (rest.empty() || (separated(rest) && is_title(rest)))) return true;
  }
  const auto ordinal = begin_of(line, kWords.ordinals);
  auto rest = line.substr(ordinal.size());
  const auto number = east_asian_number(rest);
  if (number.value == 0) return false;
  rest = rest.substr(number.bytes);
  rest.remove_prefix(static_cast<std::size_t>(without_blanks(rest).data() - rest.data()));
  const auto division = begin_of(rest, ordinal.empty() ? kWords.bare : kWords.divisions);
  if (division.empty()) return false;
  rest = rest.substr(division.size());
  // A bare number directly followed by text is a count: "三章看完了".
  return is_title(rest) && (!ordinal.empty() || rest.empty() || separated(rest));
}

}  // namespace

bool HeadingLines::is_chapter(std::string_view line, bool is_within_paragraph) const {
  line = without_frame(line);
  if (line.empty() || line.size() > 4 * kMaximumLineCharacters ||
      text::count_code_points(line) > kMaximumLineCharacters) {
    return false;
  }
  if (is_east_asian_chapter(line)) return true;
  const auto words = heading_words(line);
  if (is_part_alone(line, words, vocabulary_)) return true;
  for (std::size_t language = 0; language < kHeadingLanguages.size(); ++language) {
    const auto end = label_end(vocabulary_, words, language);
    if (end && is_title_behind(line, words, *end, is_within_paragraph)) return true;
  }
  return false;
}

std::size_t HeadingLines::lone_number(std::string_view line) const {
  constexpr std::size_t kMaximumBytes = 64;
  if (line.size() > kMaximumBytes) return 0;
  if (const auto number = east_asian_number(line); number.value > 0) {
    const auto rest = line.substr(number.bytes);
    if (rest.empty() || rest == "." || rest == ")" || rest == "、") return number.value;
  }
  const auto words = heading_words(line);
  if (words.empty() || words[0].is_lower) return 0;
  for (std::size_t language = 0; language < kHeadingLanguages.size(); ++language) {
    const auto number = heading_number(vocabulary_, words, 0, language);
    if (!number || number->value > kMaximumHeadingNumber) continue;
    // In lower case a Roman numeral is a word.
    if (number->kind == NumberKind::roman &&
        !std::all_of(line.begin(), line.end(), [](char c) { return c < 'a' || c > 'z'; })) {
      continue;
    }
    const auto at = number->next;
    if (at == words.size()) return number->value;
    if (at + 1 == words.size() && words[at].is_mark && is_any_of(". )", words[at].folded)) {
      return number->value;
    }
  }
  return 0;
}

std::size_t HeadingLines::number_of_title(std::string_view line) const {
  constexpr std::string_view kSeparators = ". ) : - — – ― 、 ．";
  if (line.size() > 4 * kMaximumTitleCharacters ||
      text::count_code_points(line) > kMaximumTitleCharacters ||
      ends_with_any(line, kUnfinishedEnds) || ends_with_any(line, ":")) {
    return 0;
  }
  for (const auto& word : heading_words(line)) {
    if (!word.is_mark || !is_any_of(kSeparators, word.folded)) continue;
    const auto title = without_blanks(line.substr(word.end));
    if (word.begin == 0 || title.empty() || begins_small(title)) return 0;
    return lone_number(without_blanks(line.substr(0, word.begin)));
  }
  return 0;
}

bool HeadingLines::is_title_key(std::string_view key) const {
  return vocabulary_.has(fold(key), HeadingRole::title_key);
}

bool is_break_line(std::string_view line) {
  if (line == "#" || line == "⁂" || line == "＊＊＊" || line == "※" || line == "• • •") return true;
  constexpr std::string_view kMarks = "*-_~=#";
  if (line.empty() || kMarks.find(line.front()) == std::string_view::npos) return false;
  std::size_t count = 0;
  for (const char c : line) {
    if (c == line.front()) {
      ++count;
    } else if (c != ' ' && c != '\t') {
      return false;
    }
  }
  return count >= 3;
}

bool begins_small(std::string_view line) {
  const auto words = heading_words(line.substr(0, std::min(line.find(' '), line.size())));
  return !words.empty() && words[0].is_lower;
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

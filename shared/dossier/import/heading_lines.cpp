#include "shared/dossier/import/heading_lines.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "shared/dossier/import/east_asian_headings.hpp"
#include "shared/dossier/import/heading_numbers.hpp"
#include "shared/dossier/log/folding.hpp"
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

// The label is the part of a heading that says which one it is: "Chapter 1", "第一章".

// Whether the words from `at` on begin as "in which" does.
bool has_relative(const HeadingVocabulary& vocabulary, const Words& words, std::size_t at) {
  constexpr std::size_t kMaximumWords = 3;
  std::string joined;
  for (std::size_t i = 0; i < kMaximumWords && at + i < words.size(); ++i) {
    if (i > 0) joined += '-';
    joined += words[at + i].folded;
    if (vocabulary.has(joined, HeadingRole::relative)) return true;
  }
  return false;
}

// Whether the words from `at` on, which follow a label, are a title and not the rest of a sentence,
// as in "Part one of the plan failed."
bool is_title_behind(const HeadingVocabulary& vocabulary, std::string_view line, const Words& words,
                     std::size_t at, bool is_within_paragraph) {
  const auto is_separator = [](const HeadingWord& word) {
    constexpr std::string_view kSeparators = ". : - ( ) [ ] | / > · ・ 、 〈 < \"";
    return word.is_mark && is_any_of(kSeparators, word.folded);
  };
  const auto label_end = at;
  while (at < words.size() && is_separator(words[at])) ++at;
  if (at == words.size()) return true;
  const bool is_set_off = at > label_end;
  const bool is_sentence = ends_with_any(line, kUnfinishedEnds);
  // "Глава первая, в которой ...".
  const bool is_behind_comma = words[at].is_mark && words[at].folded == ",";
  if (has_relative(vocabulary, words, is_behind_comma ? at + 1 : at)) return !is_sentence;
  if (words[at].is_mark && !is_set_off) return false;
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
  // "1.ª parte".
  if (has_stop && has(at, HeadingRole::digit_ending) && words[at].begin == words[at - 1].end) ++at;
  if (number->kind == NumberKind::digits && !has_stop &&
      !kHeadingLanguages[language].counts_before) {
    return std::nullopt;
  }
  return has(at, HeadingRole::division) ? std::optional(at + 1) : std::nullopt;
}

// "Prologue", "Epilogue: Rain", "Пролог. Море", "Interlude II".
bool is_part_alone(std::string_view line, const Words& words, const HeadingVocabulary& vocabulary) {
  if (words.empty() || !vocabulary.has(words[0].folded, HeadingRole::alone)) return false;
  if (words.size() == 1) return true;
  for (std::size_t language = 0; language < kHeadingLanguages.size(); ++language) {
    if (!vocabulary.has(words[0].folded, HeadingRole::alone, language)) continue;
    const auto number = heading_number(vocabulary, words, 1, language);
    if (number && is_title_behind(vocabulary, line, words, number->next, false)) return true;
  }
  if (!words[1].is_mark || !is_any_of(". : -", words[1].folded)) return false;
  return words.size() == 2 || (!words[2].is_lower && !ends_with_any(line, kUnfinishedEnds) &&
                               text::count_code_points(line) <= kMaximumTitleCharacters);
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
    if (!end) continue;
    if (is_title_behind(vocabulary_, line, words, *end, is_within_paragraph)) return true;
    // "Act I, Scene 2".
    if (!words[*end].is_mark || words[*end].folded != ",") continue;
    const Words rest(words.begin() + static_cast<std::ptrdiff_t>(*end) + 1, words.end());
    const auto rest_end = label_end(vocabulary_, rest, language);
    if (rest_end && is_title_behind(vocabulary_, line, rest, *rest_end, is_within_paragraph)) {
      return true;
    }
  }
  return false;
}

std::size_t HeadingLines::lone_number(std::string_view line) const {
  constexpr std::size_t kMaximumBytes = 64;
  if (line.size() > kMaximumBytes) return 0;
  line = without_frame(line);
  if (const auto number = korean_number(line)) return number;
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

bool begins_small(std::string_view line) {
  const auto words = heading_words(line.substr(0, std::min(line.find(' '), line.size())));
  return !words.empty() && words[0].is_lower;
}

}  // namespace fabula::dossier

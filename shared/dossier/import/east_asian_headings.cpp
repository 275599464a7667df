#include "shared/dossier/import/east_asian_headings.hpp"

#include <array>
#include <cstddef>

#include "shared/dossier/import/heading_marks.hpp"
#include "shared/dossier/import/heading_numbers.hpp"
#include "shared/dossier/import/heading_words.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

constexpr auto& kEastAsianWords = kEastAsianHeadings;
constexpr std::size_t kMaximumEastAsianTitleCharacters = 40;

std::string_view behind(std::string_view text, std::size_t bytes) {
  return without_blanks(text.substr(bytes));
}

// Whether a title is set off by a space or a mark.
bool is_separated(std::string_view rest) {
  constexpr std::string_view kMarks =
      ": ： 、 ・ · - — – ― ─ . ． ( （ [ ［ 「 『 《 〈 【 | ～ 〜 ~";
  const auto bare = without_blanks(rest);
  return bare.size() < rest.size() || !begin_of(rest, kMarks).empty();
}

bool is_east_asian_title(std::string_view rest) {
  if (rest.empty()) return true;
  if (text::count_code_points(rest) > kMaximumEastAsianTitleCharacters) return false;
  if (is_separated(rest)) return !ends_with_any(rest, kUnfinishedEnds);
  constexpr std::string_view kPunctuation = "。 ， 、 ！ ？ ； , . ! ?";
  bool is_sentence = false;
  text::for_each_word(kPunctuation, [&](std::string_view mark) {
    is_sentence = is_sentence || rest.find(mark) != std::string_view::npos;
  });
  return !is_sentence && begin_of(rest, kEastAsianWords.particles).empty();
}

bool is_set_off_east_asian_title(std::string_view rest) {
  return rest.empty() || (is_separated(rest) && is_east_asian_title(rest));
}

// "序章　雨", "番外二", "외전 1: 눈".
bool is_east_asian_part(std::string_view line) {
  const auto alone = begin_of(line, kEastAsianWords.alone);
  if (alone.empty()) return false;
  const auto rest = line.substr(alone.size());
  if (is_set_off_east_asian_title(rest)) return true;
  const auto number = east_asian_number(rest);
  return number.value > 0 && is_set_off_east_asian_title(rest.substr(number.bytes));
}

// "卷一".
bool is_volume(std::string_view line) {
  const auto volume = begin_of(line, kEastAsianWords.volumes);
  if (volume.empty()) return false;
  const auto number = east_asian_number(line.substr(volume.size()));
  return number.value > 0 && is_set_off_east_asian_title(line.substr(volume.size() + number.bytes));
}

// "첫 번째 이야기", "두번째 밤: 비".
bool is_korean_count(std::string_view line) {
  const auto count = begin_of(line, kEastAsianWords.korean_counts);
  if (count.empty()) return false;
  auto rest = behind(line, count.size());
  const auto ordinal = begin_of(rest, "번째 째");
  if (ordinal.empty()) return false;
  rest = behind(rest, ordinal.size());
  const auto division = begin_of(rest, kEastAsianWords.korean_divisions);
  return !division.empty() && is_set_off_east_asian_title(rest.substr(division.size()));
}

}  // namespace

bool is_east_asian_chapter(std::string_view line) {
  if (const auto whole = begin_of(line, kEastAsianWords.prefixes); !whole.empty()) {
    const auto rest = behind(line, whole.size());
    if (rest.size() + whole.size() < line.size()) line = rest;
  }
  if (is_east_asian_part(line) || is_volume(line) || is_korean_count(line)) return true;
  const auto ordinal = begin_of(line, kEastAsianWords.ordinals);
  auto rest = line.substr(ordinal.size());
  const auto number = east_asian_number(rest);
  if (number.value == 0) return false;
  rest = behind(rest, number.bytes);
  const auto division =
      begin_of(rest, ordinal.empty() ? kEastAsianWords.bare : kEastAsianWords.divisions);
  if (division.empty() || !begin_of(rest, kEastAsianWords.compounds).empty()) return false;
  rest = rest.substr(division.size());
  // A bare number with a title that nothing sets off is a count: "三章看完了".
  return is_east_asian_title(rest) && (!ordinal.empty() || rest.empty() || is_separated(rest));
}

}  // namespace fabula::dossier

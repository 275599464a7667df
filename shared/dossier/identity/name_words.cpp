#include "shared/dossier/identity/name_words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "shared/dossier/identity/east_asian_names.hpp"
#include "shared/dossier/identity/names.hpp"
#include "shared/dossier/identity/titles.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/lower_case.hpp"

namespace fabula::dossier {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Marks that have no meaning at the ends of a folded word.
bool is_edge(char c) {
  constexpr std::string_view kEdges = ".,;:!?()[]{}\"'*_<>-/\\";
  return !text::is_lower(c) && kEdges.find(c) != std::string_view::npos;
}

void add_word(std::vector<NameWord>& words, std::string_view folded, bool is_lower) {
  while (!folded.empty() && is_edge(folded.front())) folded.remove_prefix(1);
  while (!folded.empty() && is_edge(folded.back())) folded.remove_suffix(1);
  if (folded.empty()) return;
  // "l'abbé".
  if (is_lower && folded.starts_with("l'") && find_title(folded.substr(2)).title != Title::none) {
    folded.remove_prefix(2);
  }
  NameWord word{.text = {}, .is_lower = is_lower};
  if (folded.size() > 2 && folded.ends_with("'s")) {
    word.is_possessive = true;
    folded.remove_suffix(2);
  }
  word.text = folded;
  words.push_back(std::move(word));
}

// "J.R.R." is three initials; in "Mr.Darcy" the stop also separates words.
void add_parts(std::vector<NameWord>& words, std::string_view folded, bool is_lower) {
  for (std::size_t begin = 0; begin <= folded.size();) {
    auto end = begin;
    while (end < folded.size() && folded[end] != '.' && folded[end] != ' ' && folded[end] != '/') {
      ++end;
    }
    if (end > begin) add_word(words, folded.substr(begin, end - begin), is_lower);
    begin = end + 1;
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<signed char>(c) >= 0; });
}

// The length of a separator of words at `at`: a blank, or a mark within a foreign name. In "Gal·la"
// the mark is part of the word.
std::size_t gap_bytes(std::string_view utf8, std::size_t at) {
  if (is_blank(utf8[at])) return 1;
  if (at == 0 || static_cast<signed char>(utf8[at]) >= 0) return 0;
  return is_ascii(utf8.substr(at - 1, 1)) ? 0 : name_mark_bytes(utf8.substr(at));
}

void add_raw(std::vector<NameWord>& words, std::string_view raw) {
  if (!is_ascii(raw)) {
    if (const auto title = title_of_name_suffix(raw); title && !words.empty()) {
      if (title->empty()) return;
      add_word(words, *title, false);
      std::rotate(words.begin(), words.end() - 1, words.end());
      return;
    }
    const auto parts = east_asian_name(raw);
    for (const auto& part : parts) add_word(words, fold(part), false);
    if (!parts.empty()) return;
  }
  std::size_t at = 0;
  add_parts(words, fold(raw), text::is_small_letter(text::next_code_point(raw, at)));
}

}  // namespace

std::uint8_t numeral_of(std::string_view word) {
  constexpr std::array<std::string_view, 9> kRoman = {"i",  "ii",  "iii",  "iv", "v",
                                                      "vi", "vii", "viii", "ix"};
  constexpr std::array<std::string_view, 9> kOrdinals = {
      "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"};
  for (std::size_t i = 0; i < kRoman.size(); ++i) {
    if (word == kRoman[i] || word == kOrdinals[i]) return static_cast<std::uint8_t>(i + 1);
  }
  if (word == "sr" || word == "senior" || word == "sen" || word == "elder") return 1;
  if (word == "jr" || word == "junior" || word == "jun" || word == "younger") return 2;
  return 0;
}

std::string in_order(std::string_view utf8) {
  std::string turned(utf8);
  const auto comma = utf8.find(", ");
  if (comma == std::string_view::npos || utf8.find(',', comma + 1) != std::string_view::npos) {
    return turned;
  }
  const auto last = utf8.substr(0, comma);
  const auto first = utf8.substr(comma + 2);
  if (last.find(' ') != std::string_view::npos || first.empty() || text::is_lower(first.front())) {
    return turned;
  }
  const auto word = fold(first.substr(0, first.find_first_of(" .")));
  const bool is_suffix = numeral_of(word) != 0 || is_epithet(word) || word == "esq" ||
                         word == "esquire" || find_title(word).title != Title::none;
  if (is_suffix || find_title(fold(last)).title != Title::none) return turned;
  turned = first;
  return turned.append(" ").append(last);
}

std::vector<NameWord> split_words(std::string_view utf8) {
  std::vector<NameWord> words;
  for (std::size_t begin = 0; begin < utf8.size() && words.size() < kMaximumNameWords;) {
    if (const auto gap = gap_bytes(utf8, begin)) {
      begin += gap;
      continue;
    }
    auto end = begin;
    while (end < utf8.size() && gap_bytes(utf8, end) == 0) ++end;
    add_raw(words, utf8.substr(begin, end - begin));
    begin = end;
  }
  if (words.size() > kMaximumNameWords) words.resize(kMaximumNameWords);
  return words;
}

}  // namespace fabula::dossier

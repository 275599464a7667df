#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "shared/story/prose.hpp"
#include "shared/story/words.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::story {
namespace {

constexpr auto kSentenceEnds = std::to_array<std::string_view>(
    {".", "!", "?", "…", "。", "！", "？", "‥", "｡", "।", "॥", "؟", "۔", "։", "។", "။", "።"});
constexpr auto kClosingMarks = std::to_array<std::string_view>(
    {"\"", "'", ")", "]", "*", "_", "”", "’", "“", "‘", "»", "«", "›", "‹", "」", "』", "）", "`"});
// Interrupted speech ends with one of these and a quotation mark.
constexpr auto kBreaks = std::to_array<std::string_view>({"—", "–", "-", "―"});

template <std::size_t n>
std::size_t ending_bytes(const std::array<std::string_view, n>& marks, std::string_view text) {
  for (const auto mark : marks) {
    if (text.ends_with(mark)) return mark.size();
  }
  return 0;
}

template <std::size_t n>
std::size_t beginning_bytes(const std::array<std::string_view, n>& marks, std::string_view text) {
  for (const auto mark : marks) {
    if (text.starts_with(mark)) return mark.size();
  }
  return 0;
}

std::string_view without_space_behind(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool is_abbreviation(std::string_view before_stop) {
  constexpr auto kAbbreviations = std::to_array<std::string_view>(
      {"mr", "mrs", "ms", "dr", "st", "prof", "sr", "jr", "mme", "mlle", "sra", "srta", "dna"});
  const auto blank = before_stop.find_last_of(" \n\t\"(");
  const auto word = before_stop.substr(blank == std::string_view::npos ? 0 : blank + 1);
  if (word.size() == 1 && text::is_upper(word.front())) return word != "I";
  return std::find(kAbbreviations.begin(), kAbbreviations.end(), text::to_lower(word)) !=
         kAbbreviations.end();
}

bool ends_whole(std::string_view text) {
  text = without_space_behind(text);
  bool is_closed = false;
  while (const auto bytes = ending_bytes(kClosingMarks, text)) {
    text = without_space_behind(text.substr(0, text.size() - bytes));
    is_closed = true;
  }
  // Only marks: a rule between scenes.
  if (text.empty() || text.ends_with('\n')) return true;
  const auto bytes = ending_bytes(kSentenceEnds, text);
  if (bytes == 0) return is_closed && ending_bytes(kBreaks, text) > 0;
  return !(text.back() == '.' && is_abbreviation(text.substr(0, text.size() - 1)));
}

// "The End", "Yours,\nAnna": a last line that need not be a sentence.
bool ends_with_closing_line(std::string_view text) {
  constexpr auto kEnds = std::to_array<std::string_view>(
      {" the end ", " fin ", " ende ", " finis ", " fine ", " fim ", " to be continued "});
  constexpr std::size_t kMostWords = 5;
  const auto line_begin = text.rfind('\n');
  if (line_begin == std::string_view::npos) return false;
  const auto line = text.substr(line_begin + 1);
  const auto phrase = as_phrase(line.substr(0, 200));
  if (std::find(kEnds.begin(), kEnds.end(), phrase) != kEnds.end()) return true;
  const auto words = read_words(line);
  const bool is_named = !words.empty() && words.size() <= kMostWords &&
                        std::all_of(words.begin(), words.end(), [](const Word& word) {
                          return word.is_capital || is_common_word(word.folded);
                        });
  return is_named && without_space_behind(text.substr(0, line_begin)).ends_with(',');
}

}  // namespace

bool ends_with_whole_sentence(std::string_view text) {
  text = without_space_behind(text);
  return ends_whole(text) || ends_with_closing_line(text);
}

WholeSentences whole_sentences(std::string_view text) {
  text = without_space_behind(text);
  if (text.empty() || ends_with_whole_sentence(text)) return {text, {}};
  // Longer than this, it is prose with few full stops and not an unfinished sentence.
  constexpr std::size_t kMaximumCutBytes = 3000;
  const auto lowest = text.size() > kMaximumCutBytes ? text.size() - kMaximumCutBytes : 0;
  for (auto at = text.size(); at > lowest; --at) {
    const auto bytes = ending_bytes(kSentenceEnds, text.substr(0, at));
    if (bytes == 0) continue;
    auto end = at;
    while (const auto closing = beginning_bytes(kClosingMarks, text.substr(end))) end += closing;
    const bool is_ascii = bytes == 1;
    const bool is_followed = end < text.size() && (text[end] == ' ' || text[end] == '\n' ||
                                                   text[end] == '\r' || text[end] == '\t');
    if ((is_ascii && !is_followed) ||
        (text[at - 1] == '.' && is_abbreviation(text.substr(0, at - 1)))) {
      continue;
    }
    const auto cut_begin = text.find_first_not_of(" \t\r\n", end);
    if (cut_begin == std::string_view::npos) return {text, {}};
    return {text.substr(0, end), text.substr(cut_begin)};
  }
  return {text, {}};
}

}  // namespace fabula::story

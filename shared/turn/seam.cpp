#include "shared/turn/seam.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/language.hpp"
#include "shared/text/language_words.hpp"
#include "shared/text/lower_case.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::turn {
namespace {

// A model that repeats itself repeats a sentence or two.
constexpr std::size_t kEndBytes = 2000;
// A shorter repetition may be intended: "and on and on".
constexpr std::size_t kLeastRepeatedWords = 2;
constexpr std::size_t kLeastRepeatedCharacters = 6;
// The first word is kept until its end is known; anything longer is no word.
constexpr std::size_t kLongestWordBytes = 64;
// An unknown word with this many letters is probably whole and not the rest of a word.
constexpr std::size_t kLettersOfWholeWord = 5;
constexpr std::size_t kLettersOfShortWord = 4;

bool is_space(char32_t c) {
  return c == U' ' || (c >= 9 && c <= 13) || c == 0xA0 || c == 0x202F || c == 0x3000;
}

bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }

bool is_within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

// Thai, Lao, Burmese, Khmer, Chinese and Japanese are written without spaces between words.
bool is_unspaced(char32_t c) {
  return is_within(c, 0x0E00, 0x0EFF) || is_within(c, 0x1000, 0x109F) ||
         is_within(c, 0x1780, 0x17FF) || is_within(c, 0x2E80, 0x33FF) ||
         is_within(c, 0x3400, 0x9FFF) || is_within(c, 0xF900, 0xFAFF) ||
         is_within(c, 0xFF00, 0xFFEF) || is_within(c, 0x20000, 0x3FFFF);
}

bool is_letter(char32_t c) {
  if (c < 0x80) return text::is_alphanumeric(static_cast<char>(c));
  return c >= 0xAA && c != 0xAB && c != 0xBB && c != 0xB7 && c != 0xD7 && c != 0xF7 &&
         !is_within(c, 0x2000, 0x206F) && !is_within(c, 0x3000, 0x303F) && c != 0xBF &&
         !is_space(c);
}

// Whether a new word begins after this character.
bool ends_clause(char32_t c) {
  constexpr std::u32string_view kMarks = U".!?\u2026,;:\u061F\u060C\u037E";
  return kMarks.find(c) != std::u32string_view::npos;
}

bool closes(char32_t c) {
  constexpr std::u32string_view kMarks = U")]}\u201D\u00BB\u203A";
  return kMarks.find(c) != std::u32string_view::npos;
}

bool opens(char32_t c) {
  constexpr std::u32string_view kMarks = U"([{\u201C\u201E\u00AB\u2039\u00BF\u00A1";
  return kMarks.find(c) != std::u32string_view::npos;
}

std::u32string points_of(std::string_view text) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) points += text::next_code_point(text, at);
  return points;
}

std::string_view end_of(std::string_view text, std::size_t maximum_bytes) {
  auto end = text.substr(text.size() - std::min(text.size(), maximum_bytes));
  // Continuation bytes are 10xxxxxx.
  while (!end.empty() && (static_cast<unsigned char>(end.front()) & 0xC0U) == 0x80U) {
    end.remove_prefix(1);
  }
  return end;
}

std::u32string_view last_word(std::u32string_view points) {
  auto begin = points.size();
  while (begin > 0 && is_letter(points[begin - 1])) --begin;
  return points.substr(begin);
}

std::u32string_view first_word(std::u32string_view points) {
  std::size_t end = 0;
  while (end < points.size() && is_letter(points[end])) ++end;
  return points.substr(0, end);
}

std::u32string lower(std::u32string_view word) {
  std::u32string result(word);
  for (auto& c : result) c = text::to_lower(c);
  return result;
}

// Whether the text contains this word, in lower case, between characters that are no letters. In
// JSON a word may follow an escape such as \n.
bool has_word(std::string_view text, std::u32string_view word) {
  if (word.empty()) return false;
  std::size_t matched = 0;  // characters of the word
  bool is_at_boundary = true;
  bool is_matching = false;
  bool is_escaped = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = text::next_code_point(text, at);
    const bool is_escape = is_escaped;
    is_escaped = !is_escape && c == U'\\';
    if (is_escape || !is_letter(c)) {
      if (is_matching && matched == word.size()) return true;
      is_at_boundary = true;
      is_matching = false;
      continue;
    }
    if (is_at_boundary) {
      is_matching = true;
      matched = 0;
      is_at_boundary = false;
    }
    if (!is_matching) continue;
    if (matched < word.size() && text::to_lower(c) == word[matched]) {
      ++matched;
    } else {
      is_matching = false;
    }
  }
  return is_matching && matched == word.size();
}

// Whether the word is one of the small words of the text's language.
bool is_small_word(std::string_view text, std::u32string_view word) {
  const auto language = text::language_of(text);
  const auto place = std::find(text::kWordLanguages.begin(), text::kWordLanguages.end(), language);
  if (place == text::kWordLanguages.end()) return false;
  return has_word(
      text::kLanguageWords[static_cast<std::size_t>(place - text::kWordLanguages.begin())], word);
}

// Whether a straight quotation mark at the end opens a quotation: it is an odd one in its
// paragraph.
bool is_open_quote(std::u32string_view points) {
  const auto line =
      points.substr(points.rfind(U'\n') == std::u32string_view::npos ? 0 : points.rfind(U'\n') + 1);
  return std::count(line.begin(), line.end(), U'"') % 2 == 1;
}

bool is_worth_removing(std::string_view repeated) {
  std::size_t words = 0;
  std::size_t unspaced = 0;
  bool is_in_word = false;
  for (std::size_t at = 0; at < repeated.size();) {
    const auto c = text::next_code_point(repeated, at);
    if (is_unspaced(c)) ++unspaced;
    const bool is_word = is_letter(c);
    if (is_word && !is_in_word) ++words;
    is_in_word = is_word;
  }
  return words >= kLeastRepeatedWords || unspaced >= kLeastRepeatedCharacters;
}

// Whether a word, or a character of a script without spaces, may begin here.
bool may_begin_at(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) return false;
  std::size_t next = at;
  const auto c = text::next_code_point(text, next);
  if (is_space(c)) return false;
  if (is_unspaced(c)) return true;
  std::size_t before = at - 1;
  while (before > 0 && (static_cast<unsigned char>(text[before]) & 0xC0U) == 0x80U) --before;
  return !is_letter(text::next_code_point(text, before));
}

std::size_t leading_space_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t next = at;
    if (!is_space(text::next_code_point(text, next))) break;
    at = next;
  }
  return at;
}

constexpr std::string_view kDots = "...";

// Models that continue a text put dots before the words that they repeat.
std::size_t leading_ellipsis_bytes(std::string_view text) {
  for (const std::string_view dots : {kDots, std::string_view("\u2026")}) {
    if (text.starts_with(dots)) return dots.size() + leading_space_bytes(text.substr(dots.size()));
  }
  return 0;
}

// The length of the beginning that two texts share, ignoring case: a model that repeats words from
// the middle of a sentence begins its message with a capital.
struct CommonBeginning {
  std::size_t bytes = 0;        // of the first text
  std::size_t other_bytes = 0;  // of the other text
};

CommonBeginning common_beginning(std::string_view one, std::string_view other) {
  CommonBeginning common;
  while (common.bytes < one.size() && common.other_bytes < other.size()) {
    auto at = common.bytes;
    auto other_at = common.other_bytes;
    if (text::to_lower(text::next_code_point(one, at)) !=
        text::to_lower(text::next_code_point(other, other_at))) {
      break;
    }
    common = {at, other_at};
  }
  return common;
}

struct Repetition {
  std::size_t bytes = 0;       // of the continuation, which repeat the reply's end
  bool may_be_longer = false;  // the rest of the continuation may repeat more of it
};

Repetition repetition(std::string_view end, std::string_view continuation) {
  Repetition found;
  auto leading = leading_space_bytes(continuation);
  leading += leading_ellipsis_bytes(continuation.substr(leading));
  const auto said = continuation.substr(leading);
  found.may_be_longer = said.size() < kDots.size() && kDots.starts_with(said);
  const auto trimmed = end.substr(0, end.find_last_not_of(" \n\r\t") + 1);
  for (std::size_t at = 0; at < trimmed.size(); ++at) {
    if (!may_begin_at(trimmed, at)) continue;
    const auto repeated = trimmed.substr(at);
    const auto common = common_beginning(repeated, said);
    const bool is_repeated = common.bytes == repeated.size();
    const bool may_be = common.other_bytes == said.size();
    if (!is_repeated && !may_be) continue;
    if (!is_worth_removing(repeated)) break;
    found.may_be_longer |= !is_repeated;
    // The first match is the longest.
    if (is_repeated && found.bytes == 0) found.bytes = leading + common.other_bytes;
  }
  return found;
}

// How many line breaks at the start of the continuation repeat those before it: they are kept once.
std::size_t repeated_breaks(std::string_view end, std::string_view continuation) {
  const auto written = end.size() - (end.find_last_not_of('\n') + 1);
  return std::min({written, continuation.find_first_not_of('\n'), continuation.size()});
}

}  // namespace

Seam::Seam(std::string_view written, std::string_view known_text)
    : end_(end_of(written, kEndBytes)), known_text_(known_text) {}

void Seam::begin(bool goes_on_verbatim) {
  goes_on_verbatim_ = goes_on_verbatim;
  kept_.clear();
  is_joined_ = false;
}

std::string Seam::add(std::string_view text) {
  if (is_joined_) return std::string(text);
  kept_ += text;
  return joined(false);
}

std::string Seam::finish() { return is_joined_ ? std::string() : joined(true); }

std::string Seam::joined(bool is_over) {
  std::string_view rest = kept_;
  bool is_repeated = false;
  if (!goes_on_verbatim_) {
    const auto repeated = repetition(end_, rest);
    if (repeated.may_be_longer && !is_over) return {};
    is_repeated = repeated.bytes > 0;
    rest.remove_prefix(repeated.bytes);
  }
  const bool ends_with_space = !end_.empty() && is_space(points_of(end_of(end_, 4)).back());
  if (end_.ends_with('\n')) {
    rest.remove_prefix(repeated_breaks(end_, rest));
  } else if (ends_with_space) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  }
  if (rest.empty() && !is_over) return {};
  bool is_space_missing = false;
  if (!goes_on_verbatim_ && !is_repeated && !ends_with_space) {
    // The whole first word decides.
    std::size_t at = 0;
    bool is_word = true;
    while (is_word && at < rest.size()) {
      std::size_t next = at;
      is_word = is_letter(text::next_code_point(rest, next));
      if (is_word) at = next;
    }
    if (at == rest.size() && at < kLongestWordBytes && !is_over) return {};
    is_space_missing = needs_space(rest);
  }
  std::string result = is_space_missing ? " " : "";
  result += rest;
  is_joined_ = true;
  kept_ = std::string();
  known_text_ = std::string();
  return result;
}

bool Seam::needs_space(std::string_view continuation) const {
  const auto before = points_of(end_);
  const auto after = points_of(text::prefix_bytes(continuation, 4 * kLongestWordBytes));
  if (before.empty() || after.empty()) return false;
  const auto last = before.back();
  const auto first = after.front();
  if (is_space(first) || is_unspaced(last) || is_unspaced(first)) return false;
  const bool begins_word = is_letter(first) || opens(first) || first == U'"';
  if (ends_clause(last)) {
    const bool is_number = before.size() > 1 && is_digit(before[before.size() - 2]) &&
                           is_digit(first) && last != U'!' && last != U'?';
    return begins_word && !is_number;
  }
  if (last == U'"') return is_letter(first) && !is_open_quote(before);
  if (closes(last)) return is_letter(first) || opens(first);
  if (!is_letter(last)) return false;
  if (opens(first)) return true;
  if (first == U'"') {
    // The mark opens unless another one is open.
    return !is_open_quote(before);
  }
  if (!is_letter(first)) return false;
  if (is_digit(last) && is_digit(first)) return false;

  const auto ending = lower(last_word(before));
  const auto beginning = lower(first_word(after));
  if (is_digit(last) || is_digit(first)) return beginning.size() > 2 || is_digit(first);
  if (has_word(known_text_, ending + beginning)) return false;
  // A capital within a word is rarer than a name after a word.
  if (text::to_lower(first) != first && text::to_lower(last) == last) return true;
  if (has_word(known_text_, beginning) || is_small_word(end_, beginning)) return true;
  if (is_small_word(end_, ending)) return true;
  if (beginning.size() >= kLettersOfWholeWord) return true;
  return ending.size() >= kLettersOfWholeWord && beginning.size() >= kLettersOfShortWord;
}

}  // namespace fabula::turn

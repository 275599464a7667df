#include "shared/dossier/import/heading_numbers.hpp"

#include <algorithm>
#include <array>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/blank.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/lower_case.hpp"
#include "shared/text/split.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

bool is_mark(std::string_view character) {
  constexpr std::string_view kAscii = ".:,;()[]{}<>#|/!?\"";
  constexpr std::array<std::string_view, 14> kOthers{"–",  "—",  "―",  "、", "：", "．", "，",
                                                     "。", "（", "）", "·",  "・", "№",  "°"};
  if (character.size() == 1) return kAscii.find(character.front()) != std::string_view::npos;
  return std::find(kOthers.begin(), kOthers.end(), character) != kOthers.end();
}

std::size_t digits_value(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  const auto number = text::parse_natural(digits);
  return number && *number <= kMaximumChapterNumber ? static_cast<std::size_t>(*number) : 0;
}

// Replaces Cyrillic letters that look like Roman numerals: "ХІ".
std::string latin_numeral(std::string_view folded) {
  std::string numeral;
  for (std::size_t at = 0; at < folded.size();) {
    const auto c = text::next_code_point(folded, at);
    numeral += c == U'х'   ? 'x'
               : c == U'і' ? 'i'
               : c == U'с' ? 'c'
               : c < 0x80  ? static_cast<char>(c)
                           : '?';
  }
  return numeral;
}

std::size_t roman_value(std::string_view folded) {
  struct Digit {
    std::string_view text;
    std::size_t value;
  };
  constexpr std::array<Digit, 9> kDigits{{{"c", 100},
                                          {"xc", 90},
                                          {"l", 50},
                                          {"xl", 40},
                                          {"x", 10},
                                          {"ix", 9},
                                          {"v", 5},
                                          {"iv", 4},
                                          {"i", 1}}};
  const auto numeral = latin_numeral(folded);
  std::string_view left = numeral;
  std::size_t value = 0;
  for (const auto& digit : kDigits) {
    int times = 0;
    while (left.substr(0, digit.text.size()) == digit.text && times < 3) {
      left.remove_prefix(digit.text.size());
      value += digit.value;
      ++times;
      if (digit.text.size() == 2 || digit.value == 5 || digit.value == 50) break;
    }
  }
  return left.empty() ? value : 0;
}

struct Spelled {
  std::size_t value = 0;
  bool is_ordinal = false;
};

// Reads numbers in the words of a language.
class Speller {
 public:
  Speller(const HeadingVocabulary& vocabulary, std::size_t language)
      : vocabulary_(vocabulary), language_(language) {}

  bool is_joint(std::string_view folded) const {
    return vocabulary_.has(folded, HeadingRole::joint, language_);
  }

  // "einundzwanzigstes", "twenty-one", "veintiuno", "vingt-et-un".
  Spelled word(std::string_view folded) const {
    if (folded.size() > kMaximumWordBytes) return {};
    if (const auto found = simple(folded); found.value > 0) return found;
    if (folded.find('-') != std::string_view::npos) return hyphenated(folded);
    const auto joints = kHeadingLanguages[language_].joints;
    for (std::size_t at = 2; at + 2 < folded.size(); ++at) {
      const auto first = simple(folded.substr(0, at));
      if (first.value == 0 || first.is_ordinal) continue;
      auto rest = folded.substr(at);
      if (rest.size() > joints.size() && rest.substr(0, joints.size()) == joints) {
        rest.remove_prefix(joints.size());
      }
      const auto last = simple(rest);
      if (last.value > 0 && (first.value >= 20 || last.value >= 20)) {
        return {first.value + last.value, last.is_ordinal};
      }
    }
    return {};
  }

  std::optional<HeadingNumber> number(const std::vector<HeadingWord>& words, std::size_t at) const {
    auto spelled = word(words[at].folded);
    if (spelled.value == 0) return std::nullopt;
    auto next = at + 1;
    while (next < words.size() && !words[next].is_mark && spelled.value >= 20 &&
           spelled.value <= kMaximumHeadingNumber) {
      auto last = next;
      if (is_joint(words[last].folded)) ++last;
      if (last >= words.size() || words[last].is_mark) break;
      const auto more = word(words[last].folded);
      if (more.value == 0 || more.value > kMaximumHeadingNumber) break;
      spelled = {std::min(spelled.value + more.value, kMaximumHeadingNumber), more.is_ordinal};
      next = last + 1;
    }
    return HeadingNumber{spelled.value, next,
                         spelled.is_ordinal ? NumberKind::ordinal : NumberKind::cardinal};
  }

 private:
  static constexpr std::size_t kMaximumWordBytes = 64;

  Spelled simple(std::string_view folded) const {
    if (const auto n = vocabulary_.value(folded, HeadingRole::cardinal, language_)) {
      return {n, false};
    }
    return {vocabulary_.value(folded, HeadingRole::ordinal, language_), true};
  }

  Spelled hyphenated(std::string_view folded) const {
    Spelled sum;
    text::Splitter parts(folded, '-');
    while (const auto part = parts.next()) {
      if (sum.value > 0 && is_joint(*part)) continue;
      const auto more = simple(*part);
      if (more.value == 0) return {};
      sum = {std::min(sum.value + more.value, kMaximumHeadingNumber), more.is_ordinal};
    }
    return sum;
  }

  const HeadingVocabulary& vocabulary_;
  std::size_t language_;
};

}  // namespace

std::vector<HeadingWord> heading_words(std::string_view line) {
  std::vector<HeadingWord> words;
  bool is_open = false;
  for (std::size_t at = 0; at < line.size();) {
    const auto begin = at;
    const auto code = text::next_code_point(line, at);
    const auto character = line.substr(begin, at - begin);
    if (text::is_blank(character)) {
      is_open = false;
      continue;
    }
    const bool is_hyphen = character == "-" || character == "‐" || character == "‑";
    const bool is_within =
        is_open && at < line.size() && line[at] != '-' && !text::is_blank(line.substr(at, 1));
    if (is_mark(character) || (is_hyphen && !is_within)) {
      words.push_back({fold(character), begin, at, true, false});
      is_open = false;
      continue;
    }
    if (!is_open) words.push_back({{}, begin, at, false, text::is_small_letter(code)});
    words.back().end = at;
    is_open = true;
  }
  for (auto& word : words) {
    if (!word.is_mark) word.folded = fold(line.substr(word.begin, word.end - word.begin));
  }
  return words;
}

std::optional<HeadingNumber> heading_number(const HeadingVocabulary& vocabulary,
                                            const std::vector<HeadingWord>& words, std::size_t at,
                                            std::size_t language) {
  if (at >= words.size() || words[at].is_mark) return std::nullopt;
  const std::string_view word = words[at].folded;
  const auto digits =
      std::min(static_cast<std::size_t>(
                   std::find_if_not(word.begin(), word.end(), &text::is_digit) - word.begin()),
               word.size());
  if (digits > 0) {
    const auto value = digits_value(word.substr(0, digits));
    if (value == 0) return std::nullopt;
    auto ending = word.substr(digits);
    if (ending.empty()) return HeadingNumber{value, at + 1, NumberKind::digits};
    if (ending.front() == '-') ending.remove_prefix(1);
    if (vocabulary.has(ending, HeadingRole::digit_ending, language)) {
      return HeadingNumber{value, at + 1, NumberKind::ordinal_digits};
    }
    // "3b".
    const bool is_letter = ending.size() == 1 && ending.front() >= 'a' && ending.front() <= 'f';
    if (!is_letter) return std::nullopt;
    return HeadingNumber{value, at + 1, NumberKind::digits};
  }
  if (const auto value = roman_value(word)) {
    return HeadingNumber{value, at + 1, NumberKind::roman};
  }
  const auto numeral = std::min(word.find_first_not_of("ivx"), word.size());
  if (numeral > 0 && vocabulary.has(word.substr(numeral), HeadingRole::roman_ending, language)) {
    if (const auto value = roman_value(word.substr(0, numeral))) {
      return HeadingNumber{value, at + 1, NumberKind::ordinal};
    }
  }
  return Speller(vocabulary, language).number(words, at);
}

EastAsianNumber east_asian_number(std::string_view text) {
  constexpr std::array<std::string_view, 11> kDigits{
      "零〇○영공", "一壹壱일", "二贰兩两弐이", "三叁参삼", "四肆사", "五伍오",
      "六陆육",    "七柒칠",   "八捌팔",       "九玖구",   "十拾십"};
  constexpr std::array<std::string_view, 4> kParts{"", "上", "中", "下"};
  constexpr std::size_t kMaximumCharacters = 12;
  std::size_t value = 0;
  std::size_t ones = 0;
  bool is_any = false;
  std::size_t end = 0;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < text.size() && ++characters <= kMaximumCharacters;) {
    const auto begin = at;
    const auto code = text::next_code_point(text, at);
    const auto character = text.substr(begin, at - begin);
    if (text::is_blank(character)) continue;
    const bool is_wide = code >= 0xFF10 && code <= 0xFF19;
    if (is_wide || (code >= U'0' && code <= U'9')) {
      ones = ones * 10 + (code - (is_wide ? 0xFF10 : U'0'));
    } else if (character == "百" || character == "백" || character == "佰") {
      value += std::max<std::size_t>(ones, 1) * 100;
      ones = 0;
    } else if (character == "千" || character == "천" || character == "仟") {
      value += std::max<std::size_t>(ones, 1) * 1000;
      ones = 0;
    } else if (character == "廿" || character == "卅") {
      value += character == "廿" ? 20 : 30;
    } else {
      const auto has = [character](std::string_view words) {
        return character.size() == 3 && words.find(character) != std::string_view::npos;
      };
      const auto digit = std::find_if(kDigits.begin(), kDigits.end(), has);
      const auto part = std::find_if(kParts.begin(), kParts.end(), has);
      if (digit != kDigits.end()) {
        const auto n = static_cast<std::size_t>(digit - kDigits.begin());
        if (n == 10) {
          value += std::max<std::size_t>(ones, 1) * 10;
          ones = 0;
        } else {
          ones = ones * 10 + n;
        }
      } else if (part != kParts.end() && !is_any) {
        return {static_cast<std::size_t>(part - kParts.begin()), at};
      } else {
        break;
      }
    }
    is_any = true;
    end = at;
  }
  value += ones;
  if (!is_any) return {};
  return {std::clamp<std::size_t>(value, 1, kMaximumChapterNumber), end};
}

std::size_t korean_number(std::string_view text) {
  constexpr std::string_view kTen = "열";
  const auto value_of = [](std::string_view wanted) {
    std::size_t value = 0;
    std::size_t count = 0;
    text::for_each_word(kEastAsianHeadings.korean_numbers, [&](std::string_view word) {
      ++count;
      if (word == wanted) value = count;
    });
    return value;
  };
  if (const auto value = value_of(text)) return value;
  if (!text.starts_with(kTen)) return 0;
  const auto ones = value_of(text.substr(kTen.size()));
  return ones > 0 && ones < 10 ? 10 + ones : 0;
}

}  // namespace fabula::dossier

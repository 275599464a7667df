#include <algorithm>
#include <array>

#include "shared/dossier/import/headings.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

constexpr std::size_t kMaximumLineBytes = 120;
constexpr std::size_t kMaximumCountedChapters = 999;

// Lower case as ASCII has it: others stand in both cases where headings are set in capitals.
constexpr std::array<std::string_view, 24> kDivisions{
    "chapter", "part",     "book",      "act",      "scene",    "canto", "kapitel",  "teil",
    "buch",    "akt",      "szene",     "chapitre", "partie",   "livre", "capítulo", "capÍtulo",
    "parte",   "capitolo", "hoofdstuk", "rozdział", "rozdziaŁ", "глава", "Глава",    "ГЛАВА"};
constexpr std::array<std::string_view, 16> kAlone{
    "prologue", "prolog",   "epilogue",     "epilog",    "prólogo",   "epílogo",
    "preface",  "foreword", "introduction", "interlude", "afterword", "vorwort",
    "nachwort", "пролог",   "эпилог",       "Пролог"};
constexpr std::array<std::string_view, 30> kNumberWords{
    "one",       "two",      "three",    "four",    "five",     "six",      "seven",   "eight",
    "nine",      "ten",      "eleven",   "twelve",  "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen", "twenty",  "thirty",   "forty",    "fifty",   "sixty",
    "seventy",   "eighty",   "ninety",   "hundred", "first",    "last"};

std::size_t roman_number(std::string_view digits) {
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
  std::string rest = text::to_lower(digits);
  std::string_view left = rest;
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

std::size_t arabic_number(std::string_view digits) {
  const auto number = text::parse_natural(digits);
  return number && *number <= kMaximumCountedChapters ? static_cast<std::size_t>(*number) : 0;
}

// "1", "IV", "one", "twenty-one".
bool is_number(std::string_view word) {
  const std::string lower = text::to_lower(word);
  const std::string_view first = std::string_view(lower).substr(0, lower.find('-'));
  return arabic_number(word) > 0 || roman_number(word) > 0 ||
         std::find(kNumberWords.begin(), kNumberWords.end(), first) != kNumberWords.end();
}

// "第一章", "第12回", "제3장".
bool is_east_asian_chapter(std::string_view line) {
  constexpr std::array<std::string_view, 3> kBegins{"第", "제", "序"};
  constexpr std::array<std::string_view, 8> kEnds{"章", "回", "話", "话", "部", "卷", "장", "幕"};
  constexpr std::size_t kMaximumNumberBytes = 24;
  if (line == "序章" || line == "楔子" || line == "終章" || line == "终章") return true;
  if (std::none_of(kBegins.begin(), kBegins.end(), [line](std::string_view begin) {
        return line.substr(0, begin.size()) == begin;
      })) {
    return false;
  }
  // Numerals of three bytes each, or ASCII digits, and nothing else before the end.
  constexpr std::array<std::string_view, 18> kNumerals{"一", "二", "三", "四", "五", "六",
                                                       "七", "八", "九", "十", "百", "零",
                                                       "〇", "两", "兩", "上", "中", "下"};
  auto rest = line.substr(3);
  std::size_t bytes = 0;
  while (!rest.empty() && bytes <= kMaximumNumberBytes) {
    const auto next = rest.substr(0, 3);
    if (bytes > 0 && std::find(kEnds.begin(), kEnds.end(), next) != kEnds.end()) return true;
    const bool is_numeral = std::find(kNumerals.begin(), kNumerals.end(), next) != kNumerals.end();
    const bool is_ascii = text::is_digit(rest.front()) || rest.front() == ' ';
    if (!is_numeral && !is_ascii) return false;
    const std::size_t step = is_numeral ? 3 : 1;
    rest.remove_prefix(step);
    bytes += step;
  }
  return false;
}

}  // namespace

bool is_chapter_line(std::string_view line) {
  if (line.empty() || line.size() > kMaximumLineBytes) return false;
  if (is_east_asian_chapter(line)) return true;
  const std::string lower = text::to_lower(line);
  std::string_view rest = lower;
  if (std::find(kAlone.begin(), kAlone.end(), rest) != kAlone.end()) return true;
  const auto space = rest.find(' ');
  if (space == std::string_view::npos) return false;
  const auto division = rest.substr(0, space);
  if (std::find(kDivisions.begin(), kDivisions.end(), division) == kDivisions.end()) return false;
  rest = text::trim(rest.substr(space + 1));
  const auto number_end = rest.find_first_of(" .:)\t");
  if (!is_number(rest.substr(0, std::min(number_end, rest.find("—"))))) return false;
  if (number_end == std::string_view::npos) return true;
  // What follows is a title, and no sentence: "Part one of the plan failed."
  const auto title = text::trim(rest.substr(number_end + 1));
  if (title.empty()) return true;
  const bool is_set_off = rest[number_end] != ' ' || title.substr(0, 1) == "-" ||
                          title.substr(0, 1) == ":" || title.substr(0, 3) == "—" ||
                          title.substr(0, 3) == "–";
  const char last = title.back();
  return is_set_off || (last != '.' && last != ',' && last != ';');
}

std::size_t lone_number(std::string_view line) {
  constexpr std::size_t kMaximumBytes = 12;
  if (line.empty() || line.size() > kMaximumBytes) return 0;
  if (line.back() == '.' || line.back() == ')') line.remove_suffix(1);
  if (line.empty()) return 0;
  if (const auto number = arabic_number(line)) return number;
  const bool is_upper = std::all_of(line.begin(), line.end(), &text::is_upper);
  return is_upper ? roman_number(line) : 0;
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

}  // namespace fabula::dossier

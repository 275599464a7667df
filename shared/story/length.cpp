#include "shared/story/length.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "shared/story/language.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"

namespace fabula::story {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t count>
bool is_in(const std::array<Range, count>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

constexpr auto kWhiteSpace = std::to_array<Range>({{0x09, 0x0D},
                                                   {0x20, 0x20},
                                                   {0x85, 0x85},
                                                   {0xA0, 0xA0},
                                                   {0x1680, 0x1680},
                                                   {0x2000, 0x200B},
                                                   {0x2028, 0x2029},
                                                   {0x202F, 0x202F},
                                                   {0x205F, 0x205F},
                                                   {0x3000, 0x3000},
                                                   {0xFEFF, 0xFEFF}});

// Em dash and horizontal bar, which separate words without spaces. Hyphens join words.
constexpr auto kDashes = std::to_array<Range>({{0x2014, 0x2015}});

// Punctuation, symbols and controls of the scripts in which stories are written.
constexpr auto kPunctuation = std::to_array<Range>(
    {{0x7F, 0xA9},     {0xAB, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},      {0xBB, 0xBB},
     {0xBF, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x37E, 0x37E},    {0x387, 0x387},
     {0x589, 0x58A},   {0x5BE, 0x5BE},   {0x5C0, 0x5C0},   {0x5C3, 0x5C3},    {0x5F3, 0x5F4},
     {0x60C, 0x60D},   {0x61B, 0x61B},   {0x61E, 0x61F},   {0x66A, 0x66D},    {0x6D4, 0x6D4},
     {0x964, 0x965},   {0x970, 0x970},   {0xE2F, 0xE2F},   {0xE4F, 0xE4F},    {0xE5A, 0xE5B},
     {0xF04, 0xF17},   {0xF3A, 0xF3D},   {0x104A, 0x104F}, {0x17D4, 0x17DA},  {0x200C, 0x206F},
     {0x20A0, 0x20CF}, {0x2190, 0x2BFF}, {0x2E00, 0x2E7F}, {0x3001, 0x3004},  {0x3008, 0x3020},
     {0x3030, 0x3030}, {0x303D, 0x303F}, {0x30A0, 0x30A0}, {0x30FB, 0x30FB},  {0xD800, 0xDFFF},
     {0xE000, 0xF8FF}, {0xFE10, 0xFE19}, {0xFE30, 0xFE6B}, {0xFF01, 0xFF0F},  {0xFF1A, 0xFF20},
     {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}});

// Vowel signs, tone marks and accents that combine with another character.
constexpr auto kMarks = std::to_array<Range>(
    {{0x300, 0x36F},   {0xE31, 0xE31},   {0xE34, 0xE3A},     {0xE47, 0xE4E},   {0xEB1, 0xEB1},
     {0xEB4, 0xEBC},   {0xEC8, 0xECD},   {0xF18, 0xF19},     {0xF35, 0xF39},   {0xF71, 0xF87},
     {0xF8D, 0xFBC},   {0x102D, 0x1030}, {0x1032, 0x1037},   {0x1039, 0x103A}, {0x103D, 0x103E},
     {0x17B4, 0x17B5}, {0x17B7, 0x17BD}, {0x17C6, 0x17C6},   {0x17C9, 0x17D3}, {0x180B, 0x180F},
     {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xE0100, 0xE01EF}, {0x20D0, 0x20FF}});

bool is_white_space(char32_t c) { return is_in(kWhiteSpace, c); }

// Letters and digits of any script, and characters that are whole words, such as Chinese ones.
bool is_readable(char32_t c) {
  if (c < 0x80) return text::is_alphanumeric(static_cast<char>(c));
  return !is_in(kPunctuation, c) && !is_white_space(c);
}

bool is_separator(char32_t c) { return is_white_space(c) || is_in(kDashes, c); }

// Reads a text unit by unit.
class Counter {
 public:
  explicit Counter(Unit unit) : unit_(unit) {}

  // Whether this code point begins a new word or character.
  bool counts(char32_t c) {
    if (unit_ == Unit::characters) return is_readable(c) && !is_in(kMarks, c);
    if (is_separator(c)) {
      is_counted_ = false;
      return false;
    }
    if (is_counted_ || !is_readable(c)) return false;
    is_counted_ = true;
    return true;
  }

 private:
  Unit unit_;
  bool is_counted_ = false;  // the current word
};

// The beginning of the unit with code point `at`: of a word with the quotes before it.
std::size_t unit_start(std::string_view text, std::size_t at, Unit unit) {
  if (unit == Unit::characters) return at;
  std::size_t start = 0;
  for (std::size_t i = 0; i < at;) {
    if (is_separator(text::next_code_point(text, i))) start = i;
  }
  return start;
}

std::string_view without_space_at_end(std::string_view text) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_white_space(text::next_code_point(text, at))) end = at;
  }
  return text.substr(0, end);
}

std::string_view without_space_at_start(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    if (!is_white_space(text::next_code_point(text, at))) return text.substr(start);
  }
  return {};
}

}  // namespace

std::string_view name(Unit unit) { return unit == Unit::words ? "words" : "characters"; }

std::optional<Unit> unit_named(std::string_view text) {
  for (const auto unit : {Unit::words, Unit::characters}) {
    if (text == name(unit)) return unit;
  }
  return std::nullopt;
}

Unit unit_of_language(std::string_view tag) {
  constexpr auto kWithoutSpaces = std::to_array<std::string_view>(
      {"zh", "cmn", "yue", "wuu", "nan", "hak", "lzh", "ja", "th", "lo", "km", "my", "bo", "dz"});
  const auto language = text::to_lower(primary_language(tag));
  const bool is_without_spaces =
      std::find(kWithoutSpaces.begin(), kWithoutSpaces.end(), language) != kWithoutSpaces.end();
  return is_without_spaces ? Unit::characters : Unit::words;
}

std::int64_t length_of_words(std::int64_t words, Unit unit) {
  return unit == Unit::words ? words : words * kCharactersPerWord;
}

std::int64_t length(std::string_view text, Unit unit) {
  Counter counter(unit);
  std::int64_t length = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (counter.counts(text::next_code_point(text, at))) ++length;
  }
  return length;
}

std::string_view first_of(std::string_view text, std::int64_t maximum_length, Unit unit) {
  if (maximum_length <= 0) return {};
  Counter counter(unit);
  std::int64_t length = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    if (!counter.counts(text::next_code_point(text, at)) || ++length <= maximum_length) continue;
    return without_space_at_end(text.substr(0, unit_start(text, start, unit)));
  }
  return text;
}

std::string_view last_of(std::string_view text, std::int64_t maximum_length, Unit unit) {
  if (maximum_length <= 0) return {};
  const auto total = length(text, unit);
  if (total <= maximum_length) return text;
  Counter counter(unit);
  std::int64_t passed = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto start = at;
    if (!counter.counts(text::next_code_point(text, at)) || ++passed <= total - maximum_length) {
      continue;
    }
    return without_space_at_start(text.substr(unit_start(text, start, unit)));
  }
  return {};
}

}  // namespace fabula::story

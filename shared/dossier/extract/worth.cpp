#include "shared/dossier/extract/worth.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/dossier/extract/worth_words.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

// Longer words are no filler in any language.
constexpr std::size_t kMaximumWordBytes = 64;

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

template <std::size_t count>
constexpr bool is_in(const Range (&ranges)[count], std::uint32_t character) {
  for (const auto& range : ranges) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

constexpr Range kDigits[] = {{'0', '9'},     {0x660, 0x669}, {0x6F0, 0x6F9},  {0x966, 0x96F},
                             {0x9E6, 0x9EF}, {0xE50, 0xE59}, {0xFF10, 0xFF19}};
// Spaces, punctuation, symbols and emoji.
constexpr Range kMarks[] = {
    {0, '/'},         {':', '@'},         {'[', '`'},         {'{', 0xA9},      {0xAB, 0xB4},
    {0xB6, 0xB9},     {0xBB, 0xBF},       {0xD7, 0xD7},       {0xF7, 0xF7},     {0x37E, 0x37E},
    {0x387, 0x387},   {0x589, 0x58A},     {0x5BE, 0x5BE},     {0x60C, 0x60C},   {0x61B, 0x61F},
    {0x66A, 0x66D},   {0x6D4, 0x6D4},     {0x964, 0x965},     {0x2000, 0x200B}, {0x200E, 0x2BFF},
    {0x3000, 0x3004}, {0x3008, 0x3020},   {0x3030, 0x3030},   {0x30FB, 0x30FB}, {0xE000, 0xF8FF},
    {0xFE00, 0xFE6F}, {0xFEFF, 0xFF0F},   {0xFF1A, 0xFF20},   {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65},
    {0xFFE0, 0xFFFF}, {0x1F000, 0x1FBFF}, {0xE0000, 0x10FFFF}};
// Thai to Khmer, kana, Han.
constexpr Range kScriptsWithoutSpaces[] = {{0xE00, 0xEFF},   {0x1000, 0x109F},  {0x1780, 0x17FF},
                                           {0x3005, 0x3007}, {0x3021, 0x30FF},  {0x3400, 0x9FFF},
                                           {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}};

// Removes and returns the first character; a byte that is not a character counts as itself.
std::uint32_t take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t character = bytes == 1 ? lead : lead & (0x7FU >> bytes);
  text.remove_prefix(1);
  for (std::size_t i = 1; i < bytes && !text.empty(); ++i) {
    character = (character << 6U) | (static_cast<unsigned char>(text.front()) & 0x3FU);
    text.remove_prefix(1);
  }
  return character;
}

// For the alphabets of the lists.
std::uint32_t lower(std::uint32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7)) return c + 32;
  if (c >= 0x391 && c <= 0x3AB) return c + 32;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  const bool is_even_upper = (c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177);
  const bool is_odd_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E);
  if ((is_even_upper && c % 2 == 0) || (is_odd_upper && c % 2 == 1)) return c + 1;
  switch (c) {  // accented Greek capitals
    case 0x386:
      return 0x3AC;
    case 0x388:
    case 0x389:
    case 0x38A:
      return c + 37;
    case 0x38C:
      return 0x3CC;
    default:
      return c;
  }
}

void append(std::string& out, std::uint32_t c) {
  const auto byte = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6U));
    byte(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12U));
    byte(0x80 | ((c >> 6U) & 0x3FU));
    byte(0x80 | (c & 0x3FU));
  } else {
    byte(0xF0 | (c >> 18U));
    byte(0x80 | ((c >> 12U) & 0x3FU));
    byte(0x80 | ((c >> 6U) & 0x3FU));
    byte(0x80 | (c & 0x3FU));
  }
}

// `words` has each word between spaces.
bool has_word(std::string_view words, std::string_view word) {
  for (auto at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    if (words[at - 1] == ' ' && words[at + word.size()] == ' ') return true;
  }
  return false;
}

// "sooo" as "so", "coool" as "cool": repetitions of three letters and more are shortened to `kept`.
std::string shortened(std::string_view word, std::size_t kept) {
  std::string out;
  for (std::size_t at = 0; at < word.size();) {
    auto end = at;
    while (end < word.size() && word[end] == word[at]) ++end;
    out.append(end - at >= 3 ? kept : end - at, word[at]);
    at = end;
  }
  return out;
}

bool is_laughter(std::string_view word) {
  return word.size() >= 4 && word.find_first_not_of("hae") == std::string_view::npos;
}

class Judge {
 public:
  explicit Judge(bool is_question) : is_question_(is_question) {}

  // False when the word may belong to the story.
  bool passes(std::string_view word, bool is_capital, bool is_first) {
    if (word.empty()) return true;
    if (word.size() > kMaximumWordBytes) return false;
    // Capitalized, Will, May and Hope are people, and none of these words begins a sentence.
    if (is_capital && !is_first && has_word(" will may hope mark grace ", word)) return false;
    if (word.size() == 1 || is_laughter(word)) return true;
    return is_known(word) || is_known(shortened(word, 1)) || is_known(shortened(word, 2));
  }

  // For scripts without spaces: repeatedly removes the longest known word from the front.
  bool passes_run(std::string_view run) {
    while (!run.empty()) {
      std::size_t bytes = run.size() < kMaximumWordBytes ? run.size() : kMaximumWordBytes;
      for (; bytes > 0; --bytes) {
        const auto part = run.substr(0, bytes);
        if (has_word(kRunAnswers, part)) {
          has_answer_ = true;
          break;
        }
        if (has_word(kRunFillers, part)) break;
      }
      if (bytes == 0) return false;
      run.remove_prefix(bytes);
    }
    return true;
  }

  bool has_answer() const { return has_answer_; }

 private:
  bool is_known(std::string_view word) {
    if (has_word(kAnswers, word)) {
      has_answer_ = true;
      return true;
    }
    return has_word(kFillers, word) || (is_question_ && has_word(kProgramWords, word));
  }

  bool is_question_;
  bool has_answer_ = false;
};

bool has_question_mark(std::string_view text) {
  for (const std::string_view mark : {"?", "\uFF1F", "\u061F", "\u037E"}) {
    if (text.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

Worth worth_of(std::string_view utf8) {
  Judge judge(has_question_mark(utf8));
  std::string word;
  bool is_run = false;
  bool is_capital = false;
  bool is_first = true;
  char previous = ' ';
  const auto end_word = [&] {
    const bool passes = is_run ? judge.passes_run(word) : judge.passes(word, is_capital, is_first);
    if (!word.empty()) is_first = false;
    word.clear();
    return passes;
  };
  while (!utf8.empty()) {
    const char byte = utf8.front();
    const std::uint32_t character = take(utf8);
    if (is_in(kDigits, character)) {
      // <3 and :3 are emoticons, and a number after # is part of a tag.
      if (previous != '<' && previous != ':') return Worth::told;
    } else if (is_in(kMarks, character)) {
      if (!end_word()) return Worth::told;
      if (character == '.' || character == '!' || character == '?' || character == '\n') {
        is_first = true;
      }
    } else {
      const bool is_of_run = is_in(kScriptsWithoutSpaces, character);
      if (is_of_run != is_run && !end_word()) return Worth::told;
      is_run = is_of_run;
      const auto small = lower(character);
      if (word.empty()) is_capital = small != character;
      if (word.size() <= kMaximumWordBytes || is_run) append(word, small);
    }
    previous = byte;
  }
  if (!end_word()) return Worth::told;
  return judge.has_answer() ? Worth::answer : Worth::nothing;
}

}  // namespace fabula::dossier

#include "shared/story/words.hpp"

#include <algorithm>
#include <array>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::story {
namespace {

constexpr auto kCommonWords = std::to_array<std::string_view>({
    "a",      "about", "after", "again", "al",   "all",  "als",   "also", "am",   "an",    "and",
    "any",    "are",   "as",    "at",    "au",   "auf",  "aus",   "aux",  "avec", "be",    "been",
    "before", "bei",   "but",   "by",    "can",  "ce",   "cette", "che",  "com",  "con",   "could",
    "da",     "dans",  "das",   "dass",  "de",   "del",  "dem",   "den",  "der",  "des",   "di",
    "did",    "die",   "do",    "does",  "dos",  "du",   "e",     "ein",  "eine", "einem", "einen",
    "einer",  "el",    "elle",  "em",    "en",   "er",   "es",    "est",  "et",   "for",   "from",
    "had",    "has",   "hat",   "have",  "he",   "her",  "his",   "how",  "i",    "ihr",   "ihre",
    "il",     "im",    "in",    "into",  "is",   "ist",  "it",    "its",  "je",   "la",    "las",
    "le",     "les",   "lo",    "los",   "mais", "me",   "mit",   "my",   "nach", "ne",    "nicht",
    "no",     "not",   "now",   "o",     "of",   "on",   "one",   "or",   "os",   "out",   "over",
    "par",    "para",  "pas",   "por",   "pour", "qu",   "que",   "qui",  "sa",   "se",    "she",
    "sich",   "sie",   "so",    "some",  "son",  "su",   "sur",   "than", "that", "the",   "their",
    "them",   "then",  "there", "they",  "this", "to",   "too",   "um",   "un",   "una",   "und",
    "une",    "up",    "very",  "von",   "was",  "we",   "were",  "what", "when", "which", "who",
    "will",   "with",  "would", "y",     "you",  "your", "zu",    "zum",  "zur",
});

const auto& sorted_common_words() {
  static const auto kSorted = [] {
    auto words = kCommonWords;
    std::sort(words.begin(), words.end());
    return words;
  }();
  return kSorted;
}

char32_t word_code_point(std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() == 1) return byte(0);
  char32_t point = byte(0) & (0x7FU >> bytes.size());
  for (std::size_t i = 1; i < bytes.size(); ++i) point = (point << 6U) | (byte(i) & 0x3FU);
  return point;
}

bool is_word_by_itself(char32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
         (c >= 0x1780 && c <= 0x17FF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_word_apostrophe(char32_t c) { return c == '\'' || c == 0x2019; }

bool is_word_letter(char32_t c) {
  if (c < 0x80) return text::is_alphanumeric(static_cast<char>(c));
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA;
  return c != 0xD7 && c != 0xF7 && !(c >= 0x2000 && c <= 0x2BFF) && !(c >= 0x3000 && c <= 0x303F) &&
         !(c >= 0xFE00 && c <= 0xFE6F) && !(c >= 0xFF00 && c <= 0xFF20) && c != 0xFEFF &&
         c != 0xFFFD && c != 0x30FB;
}

std::string folded_word(std::string_view word) {
  const bool is_plain = std::all_of(word.begin(), word.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0x80U) == 0;
  });
  return is_plain ? text::to_lower(word) : dossier::fold(word);
}

}  // namespace

std::vector<Word> read_words(std::string_view text) {
  std::vector<Word> words;
  std::size_t begin = 0;
  bool is_inside = false;
  const auto end_word = [&](std::size_t end) {
    if (!is_inside) return;
    is_inside = false;
    auto word = text.substr(begin, end - begin);
    Word read{folded_word(word), begin, end, text::is_upper(word.front()), false};
    if (!read.folded.empty()) words.push_back(std::move(read));
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto step = text::utf8_step(text.data() + at, text.data() + text.size());
    const char32_t c = step.is_valid ? word_code_point(text.substr(at, step.bytes)) : U' ';
    const auto next = at + step.bytes;
    if (is_word_by_itself(c)) {
      end_word(at);
      Word read{folded_word(text.substr(at, step.bytes)), at, next, false, true};
      // Marks that fold to nothing belong to the character before them.
      if (!read.folded.empty() && read.folded != " ") words.push_back(std::move(read));
    } else if (is_word_letter(c)) {
      if (!is_inside) begin = at;
      is_inside = true;
    } else if (!is_word_apostrophe(c) || next >= text.size() || !is_inside ||
               !(text::is_alphanumeric(text[next]) ||
                 (static_cast<unsigned char>(text[next]) & 0xC0U) == 0xC0U)) {
      end_word(at);
    } else if (static_cast<unsigned char>(text[next]) == 0xE2) {
      // A quotation mark or a dash follows, so the apostrophe was a closing quote.
      end_word(at);
    }
    at = next;
  }
  end_word(text.size());
  return words;
}

std::string as_phrase(std::string_view text) {
  std::string phrase = " ";
  for (const auto& word : read_words(text)) {
    phrase += word.folded;
    phrase.push_back(' ');
  }
  return phrase;
}

std::string stem_of(std::string_view folded) {
  constexpr std::size_t kStemBytes = 6;
  auto word = folded.substr(0, folded.find('\''));
  if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss")) word.remove_suffix(1);
  if (word.size() > 5 && word.ends_with("ing")) {
    word.remove_suffix(3);
  } else if (word.size() > 4 && word.ends_with("ed")) {
    word.remove_suffix(2);
  } else if (word.size() > 3 && (word.ends_with('e') || word.ends_with('y'))) {
    word.remove_suffix(1);
  }
  if (word.size() <= kStemBytes) return std::string(word);
  std::size_t end = kStemBytes;
  while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) ++end;
  return std::string(word.substr(0, end));
}

bool is_common_word(std::string_view folded) {
  const auto& words = sorted_common_words();
  return std::binary_search(words.begin(), words.end(), folded);
}

}  // namespace fabula::story

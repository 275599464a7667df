#include "shared/memory/words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "shared/dossier/log/folding.hpp"
#include "shared/dossier/log/sha256.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::memory {
namespace {

// Longer words are compared by their beginnings, so that endings are ignored.
constexpr std::size_t kStemBytes = 6;
constexpr std::size_t kHashDigits = 16;

constexpr auto kCommonWords = std::to_array<std::string_view>(
    {"a",    "about", "after", "all",  "also",  "am",     "an",    "and",    "any",   "are",
     "as",   "at",    "be",    "been", "but",   "by",     "call",  "called", "can",   "did",
     "do",   "does",  "for",   "from", "get",   "go",     "goes",  "got",    "had",   "has",
     "have", "he",    "her",   "hers", "him",   "his",    "how",   "i",      "if",    "in",
     "into", "is",    "it",    "its",  "just",  "may",    "me",    "might",  "mine",  "more",
     "most", "much",  "must",  "my",   "named", "no",     "not",   "now",    "of",    "on",
     "one",  "or",    "our",   "out",  "own",   "really", "said",  "say",    "says",  "she",
     "so",   "some",  "than",  "that", "the",   "their",  "them",  "then",   "there", "they",
     "this", "to",    "too",   "up",   "user",  "users",  "very",  "was",    "we",    "were",
     "what", "when",  "which", "who",  "will",  "with",   "would", "you",    "your"});
static_assert(std::is_sorted(kCommonWords.begin(), kCommonWords.end()));

bool is_common(std::string_view word) {
  return std::binary_search(kCommonWords.begin(), kCommonWords.end(), word);
}

// Scripts without spaces between words: kana, Han, Hangul.
bool is_unspaced(char32_t c) {
  return (c >= 0x3040 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) ||
         (c >= 0xAC00 && c <= 0xD7AF);
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return !text::is_alphanumeric(static_cast<char>(c));
  return (c >= 0xA1 && c <= 0xBF) || (c >= 0x2010 && c <= 0x2027) || (c >= 0x3000 && c <= 0x3002) ||
         (c >= 0x300C && c <= 0x3011) || (c >= 0xFF01 && c <= 0xFF0F) ||
         (c >= 0xFF1A && c <= 0xFF20);
}

char32_t code_point(std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  switch (bytes.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1FU) << 6U | (byte(1) & 0x3FU);
    case 3:
      return (byte(0) & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    default:
      return (byte(0) & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U |
             (byte(3) & 0x3FU);
  }
}

void keep(std::vector<std::string>& words, std::string word) {
  const auto place = std::lower_bound(words.begin(), words.end(), word);
  if (place == words.end() || *place != word) words.insert(place, std::move(word));
}

// "sisters" is "sister"; "lives", "lived" and "living" are one word; "allergies" and "allergic"
// have the same stem.
std::string stem(std::string_view word) {
  if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss")) word.remove_suffix(1);
  if (word.size() > 5 && word.ends_with("ing")) {
    word.remove_suffix(3);
  } else if (word.size() > 4 && word.ends_with("ed")) {
    word.remove_suffix(2);
  } else if (word.size() > 3 && word.ends_with('e')) {
    word.remove_suffix(1);
  }
  if (word.size() <= kStemBytes) return std::string(word);
  std::size_t end = kStemBytes;
  while (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) ++end;
  return std::string(word.substr(0, end));
}

class WordReader {
 public:
  KeyWords read(std::string_view utf8) {
    const auto* at = utf8.data();
    const auto* end = at + utf8.size();
    while (at < end) {
      const auto step = text::utf8_step(at, end);
      const std::string_view bytes(at, step.bytes);
      const char32_t c = step.is_valid ? code_point(bytes) : 0xFFFD;
      if (c == '\'' || c == 0x2019) {
        // "Ada's" is "Ada", "don't" is "don".
        end_word();
        skips_ending_ = true;
      } else if (is_punctuation(c)) {
        end_word();
        skips_ending_ = false;
      } else if (is_unspaced(c)) {
        end_word();
        if (!last_character_.empty()) keep(words_.all, last_character_ + std::string(bytes));
        last_character_ = bytes;
      } else {
        last_character_.clear();
        word_.append(bytes);
      }
      at += step.bytes;
    }
    end_word();
    return std::move(words_);
  }

 private:
  void end_word() {
    if (word_.empty()) return;
    std::string word = std::exchange(word_, {});
    const bool is_ending = std::exchange(skips_ending_, false) && word.size() <= 2;
    const std::string folded = dossier::fold(word);
    const bool is_first = std::exchange(is_first_, false);
    if (is_ending || folded.empty() || is_common(folded)) return;
    auto kept = stem(folded);
    const bool is_capital = word.front() >= 'A' && word.front() <= 'Z';
    const bool has_digit = std::any_of(word.begin(), word.end(),
                                       [](char digit) { return digit >= '0' && digit <= '9'; });
    if (has_digit || (is_capital && !is_first)) keep(words_.names, kept);
    keep(words_.all, std::move(kept));
  }

  KeyWords words_;
  std::string word_;
  std::string last_character_;
  bool is_first_ = true;
  bool skips_ending_ = false;
};

std::size_t count_shared(const std::vector<std::string>& words,
                         const std::vector<std::string>& sorted) {
  return static_cast<std::size_t>(
      std::count_if(words.begin(), words.end(), [&sorted](const std::string& word) {
        return std::binary_search(sorted.begin(), sorted.end(), word);
      }));
}

bool is_same_saying(const std::vector<std::string>& text, const std::vector<std::string>& old,
                    const std::vector<std::string>& old_names) {
  if (old.empty()) return false;
  // Three of five: "has a dog called Rex" of "a dog, Rex, who is old and brown".
  const auto shared = count_shared(old, text);
  return shared * 5 >= old.size() * 3 && count_shared(old_names, text) == old_names.size();
}

std::vector<std::string> hashed_each(const std::vector<std::string>& words, std::string_view salt) {
  std::vector<std::string> hashes;
  hashes.reserve(words.size());
  for (const auto& word : words) {
    const auto digest = dossier::sha256(std::string(salt).append("\n").append(word));
    hashes.push_back(dossier::digest_text(digest).substr(0, kHashDigits));
  }
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

}  // namespace

KeyWords key_words(std::string_view text) { return WordReader().read(text); }

bool is_rewording(const KeyWords& text, const KeyWords& old) {
  return is_same_saying(text.all, old.all, old.names);
}

HashedWords hashed(const KeyWords& words, std::string_view salt) {
  return {std::string(salt), hashed_each(words.all, salt), hashed_each(words.names, salt)};
}

bool is_rewording(const KeyWords& text, const HashedWords& old) {
  return is_same_saying(hashed_each(text.all, old.salt), old.all, old.names);
}

}  // namespace fabula::memory

#include "shared/text/language.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "shared/text/ascii.hpp"
#include "shared/text/code_points.hpp"
#include "shared/text/language_words.hpp"
#include "shared/text/lower_case.hpp"
#include "shared/text/utf8.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::text {
namespace {

constexpr auto kIndex = make_word_index<kLanguageWords>();
constexpr std::size_t kLanguages = kWordLanguages.size();

struct Script {
  char32_t first;
  char32_t last;
  std::string_view language;
};

// For scripts of several languages, the language with the most readers.
constexpr auto kScripts = std::to_array<Script>({
    {0x0370, 0x03FF, "el"},
    {0x0400, 0x04FF, "ru"},
    {0x0530, 0x058F, "hy"},
    {0x0590, 0x05FF, "he"},
    {0x0600, 0x06FF, "ar"},
    {0x0900, 0x097F, "hi"},
    {0x0980, 0x09FF, "bn"},
    {0x0B80, 0x0BFF, "ta"},
    {0x0C00, 0x0C7F, "te"},
    {0x0E00, 0x0E7F, "th"},
    {0x0E80, 0x0EFF, "lo"},
    {0x1000, 0x109F, "my"},
    {0x10A0, 0x10FF, "ka"},
    {0x1100, 0x11FF, "ko"},
    {0x1780, 0x17FF, "km"},
    {0x3040, 0x30FF, "ja"},
    {0x3400, 0x9FFF, "zh"},
    {0xAC00, 0xD7AF, "ko"},
});

// Counts a text's letters by script; scripts of one language are counted together.
class Letters {
 public:
  void add(char32_t point) {
    if (point < 0x250) {
      if (point >= 0xC0 || is_alphanumeric(static_cast<char>(point))) ++latin_;
      return;
    }
    for (const auto& script : kScripts) {
      if (point < script.first || point > script.last) continue;
      ++of(script.language);
      break;
    }
    constexpr std::u32string_view kPersian = U"پچژگکی";
    constexpr std::u32string_view kUrdu = U"ٹڈڑںےہھ";
    persian_ += kPersian.find(point) != std::u32string_view::npos ? 1 : 0;
    urdu_ += kUrdu.find(point) != std::u32string_view::npos ? 1 : 0;
  }

  // The language of the most frequent script; "" for Latin, and when there are too few letters.
  std::string_view language() {
    // Japanese has both, Chinese only Han, except for a single kana that decorates a name.
    constexpr int kMostHanForEachKana = 8;
    auto& kana = of("ja");
    auto& han = of("zh");
    if (kana * kMostHanForEachKana >= han) {
      kana += std::exchange(han, 0);
    } else {
      han += std::exchange(kana, 0);
    }
    const auto best = std::max_element(counts_.begin(), counts_.end());
    // One foreign name does not determine the language.
    constexpr int kFewest = 2;
    if (*best < kFewest || *best * 2 <= latin_) return {};
    const auto language = kScripts[static_cast<std::size_t>(best - counts_.begin())].language;
    if (language != "ar") return language;
    if (urdu_ >= kFewest) return "ur";
    return persian_ >= kFewest ? "fa" : language;
  }

 private:
  int& of(std::string_view language) {
    std::size_t i = 0;
    while (kScripts[i].language != language) ++i;
    return counts_[i];
  }

  std::array<int, kScripts.size()> counts_{};
  int latin_ = 0;
  int persian_ = 0;
  int urdu_ = 0;
};

void append_utf8(std::string& out, char32_t point) {
  const auto append = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) return append(point);
  if (point < 0x800) {
    append(0xC0U | point >> 6U);
  } else {
    append(0xE0U | point >> 12U);
    append(0x80U | (point >> 6U & 0x3FU));
  }
  append(0x80U | (point & 0x3FU));
}

bool is_letter(char32_t point) {
  if (point < 0x80) return is_alphanumeric(static_cast<char>(point));
  return (point >= 0xC0 && point < 0x2000 && point != 0xD7 && point != 0xF7) ||
         (point >= 0x3040 && point < 0xFE00);
}

bool is_apostrophe(char32_t point) { return point == U'\'' || point == 0x2019; }

// The evidence for each language: a word that few languages have weighs more.
class Evidence {
 public:
  void add_letter(char32_t point) {
    if (point < 0x80) return;
    for (std::size_t i = 0; i < kLanguages; ++i) {
      for (const auto& telling : kTellingLetters) {
        if (telling.language != kWordLanguages[i]) continue;
        if (telling.letters.find(point) != std::u32string_view::npos) letters_ |= 1U << i;
      }
    }
  }

  void end_word(std::string_view word) {
    std::uint32_t languages = 0;
    kIndex.for_each_line_with(word, [&](std::size_t i) { languages |= 1U << i; });
    constexpr int kLetterWeight = 6;
    constexpr int kWordWeight = 12;
    // A single letter may be an initial, or the label of a list item.
    add(languages, word.size() == 1 ? kLetterWeight : kWordWeight);
    add(std::exchange(letters_, 0), kLetterWeight);
  }

  // Nothing unless one language is clearly ahead. `among` is a set of languages, as bits.
  std::string_view language() const {
    // The weight of about one small word that only this language has.
    constexpr int kLeast = 10;
    const auto best = std::max_element(weights_.begin(), weights_.end());
    int second = 0;
    for (const auto& weight : weights_) {
      if (&weight != &*best) second = std::max(second, weight);
    }
    if (*best < kLeast || *best * 5 < second * 6) return {};
    return kWordLanguages[static_cast<std::size_t>(best - weights_.begin())];
  }

 private:
  void add(std::uint32_t languages, int weight) {
    int count = 0;
    for (std::size_t i = 0; i < kLanguages; ++i) count += (languages >> i & 1U) != 0 ? 1 : 0;
    for (std::size_t i = 0; i < kLanguages; ++i) {
      if ((languages >> i & 1U) != 0) weights_[i] += std::max(1, weight / count);
    }
  }

  std::array<int, kLanguages> weights_{};
  std::uint32_t letters_ = 0;  // of the current word
};
static_assert(kLanguages <= 32);

std::string_view language_by_words(std::string_view text) {
  Evidence evidence;
  std::string word;
  const auto end_word = [&] {
    evidence.end_word(word);
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = to_lower(next_code_point(text, at));
    if (is_letter(point)) {
      append_utf8(word, point);
      evidence.add_letter(point);
    } else if (is_apostrophe(point) && !word.empty() && at < text.size()) {
      auto next = at;
      if (is_letter(next_code_point(text, next))) word.push_back('\'');
      end_word();
    } else {
      end_word();
      evidence.add_letter(point);
    }
  }
  end_word();
  return evidence.language();
}

bool is_cyrillic(std::string_view language) {
  constexpr auto kCyrillic = std::to_array<std::string_view>({"ru", "uk", "bg", "sr", "be"});
  return std::find(kCyrillic.begin(), kCyrillic.end(), language) != kCyrillic.end();
}

}  // namespace

std::string_view language_of(std::string_view text) {
  constexpr std::size_t kReadBytes = 2000;
  text = prefix_bytes(text, kReadBytes);
  Letters letters;
  for (std::size_t at = 0; at < text.size();) letters.add(next_code_point(text, at));
  const auto of_script = letters.language();
  if (!of_script.empty() && of_script != "ru") return of_script;
  const auto of_words = language_by_words(text);
  if (of_script.empty()) return is_cyrillic(of_words) ? std::string_view{} : of_words;
  return is_cyrillic(of_words) ? of_words : of_script;
}

}  // namespace fabula::text

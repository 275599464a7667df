#include "shared/story/guard_language.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "shared/story/language.hpp"
#include "shared/text/language.hpp"
#include "shared/text/utf8_repair.hpp"

namespace fabula::story {
namespace {

// The languages that text::language_of detects; others cannot be judged.
constexpr auto kTold = std::to_array<std::string_view>(
    {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "da",
     "nb", "fi", "cs", "ro", "hu", "id", "vi", "ru", "uk", "bg", "sr",
     "be", "el", "he", "ar", "fa", "ur", "hi", "th", "ko", "ja", "zh"});

constexpr auto kAlike =
    std::to_array<std::string_view>({"nb da sv no nn", "ru uk bg sr be", "ar fa ur", "cs sk",
                                     "id ms", "nl af", "hi mr ne", "es gl ca pt"});

bool has_word(std::string_view words, std::string_view word) {
  const auto at = words.find(word);
  return at != std::string_view::npos && (at == 0 || words[at - 1] == ' ') &&
         (at + word.size() == words.size() || words[at + word.size()] == ' ');
}

bool are_alike(std::string_view a, std::string_view b) {
  return a == b || std::any_of(kAlike.begin(), kAlike.end(), [&](std::string_view languages) {
           return has_word(languages, a) && has_word(languages, b);
         });
}

}  // namespace

std::string_view other_language_of(std::string_view text, std::string_view wanted) {
  const auto language = primary_language(wanted);
  if (std::find(kTold.begin(), kTold.end(), language) == kTold.end()) return {};
  // A shorter text is a name or an exclamation.
  constexpr std::size_t kFewestBytes = 80;
  constexpr std::size_t kSampleBytes = 2000;
  constexpr std::size_t kSamples = 3;
  if (text.size() < kFewestBytes) return {};
  std::array<std::string_view, kSamples> found{};
  const auto room = text.size() - std::min(text.size(), kSampleBytes);
  for (std::size_t i = 0; i < kSamples; ++i) {
    std::string sample;
    text::append_repaired(sample, text.substr(room * i / (kSamples - 1), kSampleBytes));
    found[i] = text::language_of(sample);
  }
  for (const auto other : found) {
    if (other.empty() || are_alike(other, language)) continue;
    if (std::count(found.begin(), found.end(), other) * 2 > static_cast<int>(kSamples)) {
      return other;
    }
  }
  return {};
}

}  // namespace fabula::story

#include "shared/story/export/book_language.hpp"

#include <algorithm>
#include <array>

#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"

namespace fabula::story {
namespace {

constexpr std::size_t kLongestSubtag = 8;
constexpr std::size_t kScriptLength = 4;

bool is_alphabetic(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return text::is_upper(c) || text::is_lower(c); });
}

bool is_tag(std::string_view tag) {
  text::Splitter subtags(tag, '-');
  const auto primary = subtags.next().value_or("");
  if (primary.size() < 2 || primary.size() > 3 || !is_alphabetic(primary)) return false;
  std::string_view last = primary;
  while (const auto subtag = subtags.next()) {
    const bool fits = !subtag->empty() && subtag->size() <= kLongestSubtag &&
                      std::all_of(subtag->begin(), subtag->end(),
                                  [](char c) { return text::is_alphanumeric(c); });
    if (!fits) return false;
    last = *subtag;
  }
  return last.size() > 1;
}

template <std::size_t size>
bool contains(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string book_language(std::string_view language) {
  std::string tag(text::trim(language));
  std::replace(tag.begin(), tag.end(), '_', '-');
  return is_tag(tag) ? tag : std::string(kUndeterminedLanguage);
}

bool is_right_to_left(std::string_view tag) {
  static constexpr std::array<std::string_view, 16> kLanguages{
      "ar", "arc", "ckb", "dv", "fa",  "he", "iw", "ji",
      "ks", "nqo", "ps",  "sd", "syr", "ug", "ur", "yi"};
  static constexpr std::array<std::string_view, 9> kScripts{"adlm", "arab", "aran", "hebr", "mand",
                                                            "nkoo", "rohg", "syrc", "thaa"};
  text::Splitter subtags(tag, '-');
  const auto primary = text::to_lower(subtags.next().value_or(""));
  const auto second = text::to_lower(subtags.next().value_or(""));
  if (second.size() == kScriptLength && is_alphabetic(second)) return contains(kScripts, second);
  return contains(kLanguages, primary);
}

}  // namespace fabula::story

#include "shared/dossier/import/heading_vocabulary.hpp"

#include <algorithm>
#include <tuple>

#include "shared/dossier/log/folding.hpp"
#include "shared/text/split.hpp"
#include "shared/text/word_list.hpp"

namespace fabula::dossier {
namespace {

constexpr std::string_view kNoEnding = "-";

}  // namespace

HeadingVocabulary::HeadingVocabulary() {
  std::size_t index = 0;
  for (const auto& language : kHeadingLanguages) {
    add_words(language.divisions, HeadingRole::division, index);
    add_words(language.alone, HeadingRole::alone, index);
    add_words(language.articles, HeadingRole::article, index);
    add_words(language.joints, HeadingRole::joint, index);
    add_words(language.digit_endings, HeadingRole::digit_ending, index);
    add_words(language.roman_endings, HeadingRole::roman_ending, index);
    add_words(language.relatives, HeadingRole::relative, index);
    add_words(language.title_keys, HeadingRole::title_key, index);
    add_numbers(language.cardinals, kNoEnding, HeadingRole::cardinal, index, 1);
    add_numbers(language.tens, kNoEnding, HeadingRole::cardinal, index, 10);
    add_numbers(language.ordinals, language.endings, HeadingRole::ordinal, index, 1);
    add_numbers(language.ordinal_tens, language.endings, HeadingRole::ordinal, index, 10);
    add_numbers(language.last, language.endings, HeadingRole::ordinal, index, 0);
    ++index;
  }
  add_words(kEastAsianHeadings.alone, HeadingRole::alone, index);
  add_words(kEastAsianHeadings.title_keys, HeadingRole::title_key, index);
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.folded, a.language, a.role, a.value) <
           std::tie(b.folded, b.language, b.role, b.value);
  });
}

void HeadingVocabulary::add(std::string_view word, HeadingRole role, std::size_t language,
                            std::size_t value) {
  entries_.push_back(
      {fold(word), role, static_cast<std::uint8_t>(language), static_cast<std::uint16_t>(value)});
}

void HeadingVocabulary::add_words(std::string_view list, HeadingRole role, std::size_t language) {
  text::for_each_word(list, [&](std::string_view word) { add(word, role, language); });
}

// `step` is the difference between the list's words: ones, tens, or nothing ("last").
void HeadingVocabulary::add_numbers(std::string_view list, std::string_view endings,
                                    HeadingRole role, std::size_t language, std::size_t step) {
  std::size_t value = step == 0 ? kLastHeadingNumber : 0;
  text::for_each_word(list, [&](std::string_view words) {
    value += step;
    text::Splitter parts(words, '/');
    while (const auto stem = parts.next()) {
      text::for_each_word(endings, [&](std::string_view ending) {
        std::string word(*stem);
        if (ending != kNoEnding) word.append(ending);
        add(word, role, language, value);
      });
    }
  });
}

template <class Visit>
void HeadingVocabulary::for_each(std::string_view folded, Visit visit) const {
  auto entry = std::lower_bound(
      entries_.begin(), entries_.end(), folded,
      [](const Entry& each, std::string_view wanted) { return each.folded < wanted; });
  for (; entry != entries_.end() && entry->folded == folded; ++entry) visit(*entry);
}

bool HeadingVocabulary::has(std::string_view folded, HeadingRole role, std::size_t language) const {
  bool is_found = false;
  for_each(folded, [&](const Entry& entry) {
    is_found = is_found || (entry.role == role && entry.language == language);
  });
  return is_found;
}

bool HeadingVocabulary::has(std::string_view folded, HeadingRole role) const {
  bool is_found = false;
  for_each(folded, [&](const Entry& entry) { is_found = is_found || entry.role == role; });
  return is_found;
}

std::size_t HeadingVocabulary::value(std::string_view folded, HeadingRole role,
                                     std::size_t language) const {
  std::size_t value = 0;
  for_each(folded, [&](const Entry& entry) {
    if (value == 0 && entry.role == role && entry.language == language) value = entry.value;
  });
  return value;
}

}  // namespace fabula::dossier

#include "shared/dossier/identity/vocabulary.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "shared/dossier/identity/patronymics.hpp"

namespace fabula::dossier::identity {
namespace {

constexpr Index kMostUsesOfSlip = 2;
constexpr std::size_t kShortestSlip = 4;

bool goes_with_family(Title title) {
  return title == Title::mister || title == Title::missus || title == Title::learned ||
         title == Title::military || title == Title::office;
}

std::size_t count_letters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string_view first_letter(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) ++bytes;
  return text.substr(0, bytes);
}

// Chinese, Japanese and Korean, whose characters are syllables and words: two such names never
// differ only by a misspelling.
bool is_of_syllables(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0xE1U; });
}

// One letter is added, removed or replaced, or two are swapped.
bool is_one_edit(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1 || a == b) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() < b.size()) return a.substr(i) == b.substr(i + 1);
  if (a.substr(i + 1) == b.substr(i + 1)) return true;
  return i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i] &&
         a.substr(i + 2) == b.substr(i + 2);
}

// "Unit 7" and "Unit 8" are different although only one digit differs.
bool has_same_digits(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto next = [&](std::string_view text, std::size_t& at) {
    while (at < text.size() && !is_digit(text[at])) ++at;
    return at < text.size() ? text[at++] : '\0';
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (true) {
    const char left = next(a, i);
    if (left != next(b, j)) return false;
    if (left == '\0') return true;
  }
}

bool is_slip_of(const Word& word, const Word& meant) {
  constexpr std::size_t kShortest = 5;
  constexpr std::size_t kShortestWithOtherFirst = 7;
  if (!is_one_edit(word.text, meant.text)) return false;
  if (is_of_syllables(word.text) || !has_same_digits(word.text, meant.text)) return false;
  const auto letters = count_letters(word.text);
  // "the Ambersons" is a family, "Amberson" a member.
  if (word.text.ends_with('s') && word.text.size() > meant.text.size()) return false;
  if (first_letter(word.text) != first_letter(meant.text) && letters < kShortestWithOtherFirst) {
    return false;
  }
  if (meant.given.is_known && word.as_family() == 0 && letters >= kShortestSlip) return true;
  return letters >= kShortest && meant.uses >= 3 * word.uses;
}

// "Thad" and "Thaddy" for Thaddeus: a shortened name that is in no table.
bool is_clipped(const Word& word, const Word& whole) {
  constexpr std::size_t kShortest = 3;
  if (word.given.is_known && whole.given.is_known) return false;
  auto stem = word.text;
  if (stem.ends_with("ie")) stem.remove_suffix(2);
  if (stem.ends_with('y')) stem.remove_suffix(1);
  return count_letters(stem) >= kShortest && count_letters(whole.text) >= count_letters(stem) + 2 &&
         whole.text.starts_with(stem) && !is_of_syllables(stem);
}

// FNV-1a of the word without the byte at index `gap`.
std::uint64_t clipping_of(std::string_view text, std::size_t gap) {
  std::uint64_t hash = 14695981039346656037U;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i != gap) hash = (hash ^ static_cast<unsigned char>(text[i])) * 1099511628211U;
  }
  return hash;
}

}  // namespace

// The key that the word has or would have: words with the same hash have consecutive keys.
std::uint64_t Vocabulary::key_of(std::string_view text, std::uint64_t hash) const {
  for (auto key = hash;; ++key) {
    const auto number = numbers_.find(key);
    if (number == kNone || words_[number].text == text) return key;
  }
}

Index Vocabulary::number_of(std::string_view text) {
  const auto number = numbers_.find(key_of(text, hash_text(text)));
  return number != kNone ? number : number_of(text, find_given_name(text));
}

Index Vocabulary::number_of(std::string_view text, const GivenName& given) {
  const auto hash = hash_text(text);
  const auto key = key_of(text, hash);
  const auto known = numbers_.find(key);
  if (known != kNone) return known;
  const auto number = static_cast<Index>(words_.size());
  words_.push_back({.text = text, .hash = hash, .given = given});
  words_.back().meant = number;
  numbers_.set(key, number);
  return number;
}

void Vocabulary::add(const Name& name, Index uses, std::vector<Index>& numbers) {
  const auto count = name.words.size();
  // "Лунин Пётр Сергеевич": the family name is first.
  const bool is_turned = count == 3 && gender_of_patronymic(name.words[2]) != Gender::unknown;
  const std::size_t given_at = is_turned ? 1 : 0;
  const std::size_t family_at = is_turned ? 0 : count - 1;
  for (std::size_t i = 0; i < count; ++i) {
    numbers.push_back(number_of(name.words[i], name.given[i]));
    auto& word = words_[numbers.back()];
    word.uses += uses;
    if (count > 1 && i == given_at) word.as_given += uses;
    if (count > 1 && i == family_at) word.as_last += uses;
    if (count == 1 && goes_with_family(name.title)) word.as_titled += uses;
    if (count == 1 && name.title == Title::sir) word.as_given += uses;
    if (count == 1 && name.title == Title::none) word.alone += uses;
  }
}

// Two words that are one edit apart have a clipping in common, or one is a clipping of the other.
Index Vocabulary::find_meant(Index word,
                             const std::vector<std::pair<std::uint64_t, Index>>& clippings) const {
  const auto text = words_[word].text;
  Index meant = kNone;
  for (std::size_t gap = 0; gap <= text.size(); ++gap) {
    const auto hash = clipping_of(text, gap);
    auto at = std::lower_bound(clippings.begin(), clippings.end(), std::pair{hash, Index{0}});
    for (; at != clippings.end() && at->first == hash; ++at) {
      if (at->second == word || at->second == meant) continue;
      if (!is_slip_of(words_[word], words_[at->second])) continue;
      // If two words could be meant, neither is chosen.
      if (meant != kNone) return kNone;
      meant = at->second;
    }
  }
  return meant;
}

// "Minsu" of "Min-su", if somebody writes it so.
Index Vocabulary::find_without_hyphens(Index word) const {
  const auto text = words_[word].text;
  if (text.find('-') == std::string_view::npos) return kNone;
  std::string plain;
  std::copy_if(text.begin(), text.end(), std::back_inserter(plain),
               [](char c) { return c != '-'; });
  return plain.empty() ? kNone : numbers_.find(key_of(plain, hash_text(plain)));
}

void Vocabulary::repair() {
  const auto may_be_slip = [](const Word& word) {
    return !word.given.is_known && word.uses <= kMostUsesOfSlip &&
           word.text.size() >= kShortestSlip;
  };
  std::vector<Index> meant(words_.size(), kNone);
  bool has_slip = false;
  for (Index word = 0; word < words_.size(); ++word) {
    meant[word] = find_without_hyphens(word);
    has_slip = has_slip || meant[word] != kNone || may_be_slip(words_[word]);
  }
  if (!has_slip) return;
  std::vector<std::pair<std::uint64_t, Index>> clippings;
  for (Index word = 0; word < words_.size(); ++word) {
    const auto text = words_[word].text;
    if (text.size() + 1 < kShortestSlip) continue;
    for (std::size_t gap = 0; gap <= text.size(); ++gap) {
      clippings.emplace_back(clipping_of(text, gap), word);
    }
  }
  std::sort(clippings.begin(), clippings.end());
  for (Index word = 0; word < words_.size(); ++word) {
    if (meant[word] == kNone && may_be_slip(words_[word]))
      meant[word] = find_meant(word, clippings);
  }
  for (Index word = 0; word < words_.size(); ++word) {
    // A misspelling of a misspelling stays unchanged: the intended word is unknown.
    if (meant[word] == kNone || meant[meant[word]] != kNone) continue;
    const auto& slip = words_[word];
    auto& target = words_[meant[word]];
    target.as_given += slip.as_given;
    target.as_last += slip.as_last;
    target.as_titled += slip.as_titled;
    target.alone += slip.alone;
    words_[word].meant = meant[word];
  }
}

Role Vocabulary::role_of(Index word, Title title) const {
  const auto& facts = words_[word];
  if (facts.as_given > 0 && facts.as_family() == 0) return Role::given;
  if (facts.as_family() > 0 && facts.as_given == 0) return Role::family;
  if (facts.as_given == 0) return facts.given.is_known ? Role::given : Role::either;
  if (goes_with_family(title)) return Role::family;
  if (title == Title::sir) return Role::given;
  if (facts.as_given > 3 * facts.as_family()) return Role::given;
  if (facts.as_family() > 3 * facts.as_given) return Role::family;
  return Role::either;
}

bool Vocabulary::is_initial(Index word) const {
  const auto text = words_[word].text;
  return first_letter(text).size() == text.size() && !is_of_syllables(text);
}

bool Vocabulary::is_same_given(Index left, Index right) const {
  if (left == right) return true;
  const auto& a = words_[left];
  const auto& b = words_[right];
  if (is_initial(left) || is_initial(right)) return first_letter(a.text) == first_letter(b.text);
  return can_be_same_name(a.given, b.given) || is_clipped(a, b) || is_clipped(b, a);
}

}  // namespace fabula::dossier::identity

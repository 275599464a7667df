#include "shared/dossier/identity/names.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "shared/dossier/identity/name_words.hpp"
#include "shared/dossier/identity/titles.hpp"
#include "shared/dossier/log/tables.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

std::string joined(const std::vector<NameWord>& words) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += ' ';
    text += word.text;
    if (word.is_possessive) text += "'s";
  }
  return text;
}

// After one of these, lower-case words describe somebody and are no name: "the stranger".
bool is_determiner(std::string_view word) {
  constexpr std::array<std::string_view, 10> kDeterminers = {"the", "a",    "an",  "this", "that",
                                                             "my",  "your", "his", "her",  "our"};
  return std::find(kDeterminers.begin(), kDeterminers.end(), word) != kDeterminers.end();
}

// Before what somebody is, in other languages than English: "la condesa", "der alte Graf".
bool is_foreign_article(std::string_view word) {
  constexpr std::array<std::string_view, 9> kArticles = {"el",  "la",  "los", "las", "le",
                                                         "les", "der", "die", "das"};
  return std::find(kArticles.begin(), kArticles.end(), word) != kArticles.end();
}

// Between what somebody is and whose: "la hija de Ortega".
bool is_of(const NameWord& word) {
  constexpr std::array<std::string_view, 6> kOf = {"de", "du", "des", "del", "von", "vom"};
  return word.is_lower &&
         (word.text.starts_with("d'") || std::find(kOf.begin(), kOf.end(), word.text) != kOf.end());
}

bool is_conjunction(const NameWord& word) { return word.text == "and" || word.text == "&"; }

// Reads a name from its first word to its last.
class Reader {
 public:
  explicit Reader(std::vector<NameWord> words) : words_(std::move(words)) {}

  Name read() {
    if (!words_.empty() && is_relative_of_somebody()) return opaque(NameKind::description);
    drop_owner();
    drop_epithets();
    if (words_.empty()) return std::move(name_);
    if (std::any_of(words_.begin(), words_.end(), is_conjunction)) return opaque(NameKind::group);
    if (has_article_ &&
        std::all_of(words_.begin(), words_.end(),
                    [](const NameWord& word) { return word.is_lower; }) &&
        find_title(words_.front().text).title == Title::none) {
      return opaque(NameKind::description);
    }
    take_titles();
    take_tail();
    if (words_.empty()) return role();
    if (is_owned_) return opaque(NameKind::description);
    take_names();
    return std::move(name_);
  }

 private:
  // "Tom's mother" is an unnamed person and not Tom; "Tom's Aunt Polly" is Aunt Polly.
  void drop_owner() {
    for (std::size_t i = words_.size(); i > 0; --i) {
      if (!words_[i - 1].is_possessive) continue;
      if (i == words_.size()) {
        words_[i - 1].is_possessive = false;
        continue;
      }
      const bool names_somebody = std::any_of(words_.begin() + static_cast<std::ptrdiff_t>(i),
                                              words_.end(), [](const NameWord& word) {
                                                return !word.is_lower && !is_epithet(word.text) &&
                                                       find_title(word.text).title == Title::none;
                                              });
      if (names_somebody) {
        words_.erase(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        is_owned_ = true;
      }
      return;
    }
  }

  // Drops words before the first title or capital letter. A text may be all in lower case, so the
  // last word always stays.
  void drop_epithets() {
    if (is_owned_) return;
    const bool has_capital = std::any_of(words_.begin(), words_.end(),
                                         [](const NameWord& word) { return !word.is_lower; });
    std::size_t count = 0;
    for (; count + 1 < words_.size(); ++count) {
      const auto& word = words_[count];
      if (is_article(count, has_capital)) {
        has_article_ = true;
        continue;
      }
      const bool is_old = word.text == "old" || word.text == "ole" || word.text == "elder";
      const bool is_young = word.text == "young" || word.text == "younger";
      const bool is_plain = has_capital && word.is_lower && !is_particle(word.text) &&
                            find_title(word.text).title == Title::none &&
                            !word.text.starts_with("d'") && !is_conjunction(word);
      if (!is_epithet(word.text) && !is_plain) break;
      name_.is_old = name_.is_old || is_old;
      name_.is_young = name_.is_young || is_young;
      has_article_ = has_article_ || is_determiner(word.text);
    }
    words_.erase(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(count));
    if (words_.size() == 1 && is_epithet(words_.front().text)) words_.clear();
  }

  bool is_article(std::size_t place, bool has_capital) const {
    const auto& next = words_[place + 1];
    const bool is_before_title = find_title(next.text).title != Title::none;
    return words_[place].is_lower && is_foreign_article(words_[place].text) &&
           (is_before_title || (has_capital && next.is_lower && !is_particle(next.text)));
  }

  // "la madre de Oda" and "дочь Лунина" are neither Oda nor Lunin.
  bool is_relative_of_somebody() const {
    const auto& first = words_.front();
    if (words_.size() > 1 && first.is_lower && is_relative(first.text)) return true;
    const bool has_article = first.is_lower && is_foreign_article(first.text);
    std::size_t place = has_article ? 1 : 0;
    const auto begin = place;
    const auto describes = [&](const NameWord& word) {
      const auto title = find_title(word.text).title;
      return word.is_lower && (title == Title::kin || (has_article && title == Title::none));
    };
    while (place < words_.size() && !is_of(words_[place]) && describes(words_[place])) ++place;
    if (place == begin || place == words_.size() || !is_of(words_[place])) return false;
    return place + 1 < words_.size() || words_[place].text.starts_with("d'");
  }

  Name opaque(NameKind kind) {
    name_.kind = kind;
    name_.key = joined(words_);
    return std::move(name_);
  }

  void take_titles() {
    std::size_t count = 0;
    for (; count < words_.size(); ++count) {
      const auto facts = find_title(words_[count].text);
      const bool is_initial_of_monsieur =
          words_[count].text == "m" && count == 0 && words_.size() > 1;
      if (is_initial_of_monsieur) {
        titles_ += titles_.empty() ? "monsieur" : " monsieur";
        name_.title = Title::mister;
        name_.title_word = "monsieur";
        continue;
      }
      if (facts.title == Title::none) {
        if (count > 0 && count + 1 < words_.size() && is_epithet(words_[count].text)) continue;
        break;
      }
      // "Lord Chancellor", "Aunt Major": the last word may be title or name. As in "Mr. Dean" it is
      // a name after a title that goes with family names.
      if (count > 0 && count + 1 == words_.size() && is_before_family()) break;
      titles_ += (titles_.empty() ? "" : " ") + std::string(facts.word);
      name_.title = facts.title;
      name_.title_word = facts.word;
      if (facts.gender != Gender::unknown) name_.gender = facts.gender;
    }
    words_.erase(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  bool is_before_family() const {
    return name_.title == Title::mister || name_.title == Title::missus ||
           name_.title == Title::miss;
  }

  // "of Milrose", "who was their emperor", "the Second", "Esq."
  void take_tail() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const auto& text = words_[i].text;
      const bool begins_tail =
          text == "of" ||
          (i > 0 && words_[i].is_lower &&
           (text == "who" || text == "in" || text == "with" || text == "from" || text == "at"));
      if (!begins_tail) continue;
      if (i == 0) tail_ = joined(words_);
      words_.resize(i);
      break;
    }
    while (words_.size() > 1 && (words_.back().text == "esq" || words_.back().text == "esquire" ||
                                 words_.back().text == "dear")) {
      words_.pop_back();
    }
    if (words_.size() > 1) {
      name_.numeral = numeral_of(words_.back().text);
      if (name_.numeral != 0) words_.pop_back();
    }
    // "Edward the Second", "Bill the Lizard".
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (words_[i].text == "the") words_.resize(i);
    }
  }

  Name role() {
    name_.kind = titles_.empty() && tail_.empty() ? NameKind::nobody : NameKind::role;
    name_.key = titles_ + (tail_.empty() ? "" : " " + tail_);
    return std::move(name_);
  }

  void take_names() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      std::string text = words_[i].text;
      while (i + 1 < words_.size() && is_particle(words_[i].text)) {
        text += ' ';
        text += words_[++i].text;
      }
      name_.words.push_back(std::move(text));
    }
    name_.kind = NameKind::person;
    for (const auto& word : name_.words) name_.given.push_back(find_given_name(word));
    // The given name after "Mrs." is her husband's if it is a man's name.
    if (name_.title == Title::missus && name_.words.size() > 1 &&
        name_.given.front().gender == Gender::male) {
      name_.husband = name_.words.front();
      name_.words.erase(name_.words.begin());
      name_.given.erase(name_.given.begin());
    }
    if (name_.gender == Gender::unknown && name_.words.size() > 1) {
      name_.gender = name_.given.front().gender;
    }
    name_.titles = titles_;
    name_.key = titles_;
    if (!name_.husband.empty()) name_.key += " " + name_.husband;
    for (const auto& word : name_.words) {
      if (!name_.key.empty()) name_.key += ' ';
      name_.key += word;
    }
    if (name_.numeral != 0)
      name_.key += " #" + std::string(1, static_cast<char>('0' + name_.numeral));
  }

  std::vector<NameWord> words_;
  std::string titles_;
  std::string tail_;
  Name name_;
  bool is_owned_ = false;
  bool has_article_ = false;
};

// The words determine the given names, which come from a table, so these are left out.
std::uint64_t fingerprint_of(const Name& name) {
  auto fingerprint = mixed(hash_text(name.key), hash_text(name.titles));
  fingerprint = mixed(mixed(fingerprint, hash_text(name.title_word)), hash_text(name.husband));
  for (const auto& word : name.words) fingerprint = mixed(fingerprint, hash_text(word));
  fingerprint = mixed(fingerprint, static_cast<std::uint64_t>(name.kind));
  fingerprint = mixed(fingerprint, static_cast<std::uint64_t>(name.title));
  fingerprint = mixed(fingerprint, static_cast<std::uint64_t>(name.gender));
  return mixed(fingerprint,
               (name.numeral * 4U) + (name.is_old ? 2U : 0U) + (name.is_young ? 1U : 0U));
}

}  // namespace

Name parse_name(std::string_view utf8) {
  auto name = Reader(split_words(in_order(text::prefix_bytes(utf8, kMaximumNameBytes)))).read();
  name.content = fingerprint_of(name);
  return name;
}

bool has_same_words(const Name& left, const Name& right) { return left.words == right.words; }

}  // namespace fabula::dossier

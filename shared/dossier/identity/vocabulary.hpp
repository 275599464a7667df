// The words in a work's names: how each is used, and which are misspellings of another.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/counts.hpp"
#include "shared/dossier/identity/names.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier::identity {

enum class Role : std::uint8_t { either, given, family };

struct Word {
  std::string_view text;
  std::uint64_t hash = 0;  // the text's hash
  GivenName given = {};
  Index uses = 0;       // occurrences in names of records
  Index as_given = 0;   // of these: where a given name stands, or alone after Sir
  Index as_last = 0;    // of these: where a family name stands
  Index as_titled = 0;  // of these: alone after a title that goes with family names
  Index alone = 0;      // of these: alone without a title
  Index meant = kNone;  // the word itself, or the word of which it is a misspelling

  Index as_family() const { return as_last + as_titled; }
};

class Vocabulary {
 public:
  // Reserves memory for this many words.
  void reserve(std::size_t words) { numbers_.reserve(words); }

  // The number of a word, which must outlive this object.
  Index number_of(std::string_view text);
  Index number_of(std::string_view text, const GivenName& given);

  // Counts the words of a name that occurs `uses` times in records, and appends their numbers. Call
  // it for all names first, then repair(), then the rest.
  void add(const Name& name, Index uses, std::vector<Index>& numbers);

  // Treats a rare word as a misspelling if it is one edit away from a much more frequent word, or
  // from a given name in the table that a person in this work has. Short words and words that are
  // names themselves (Ellen, Helen) are left alone. Words that differ only in hyphens are equal.
  void repair();

  const Word& operator[](Index word) const { return words_[word]; }
  std::size_t size() const { return words_.size(); }

  // The role of a word that is the only one in a name.
  Role role_of(Index word, Title title) const;

  // Whether one person can have both given names: short forms, initials, shortened names.
  bool is_same_given(Index left, Index right) const;
  bool is_initial(Index word) const;

 private:
  Index find_without_hyphens(Index word) const;
  std::uint64_t key_of(std::string_view text, std::uint64_t hash) const;
  Index find_meant(Index word, const std::vector<std::pair<std::uint64_t, Index>>& clippings) const;

  std::vector<Word> words_;
  NumberTable numbers_;
};

}  // namespace fabula::dossier::identity

// The words of a work's names: how each is used, and which are one word mistyped.
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
  std::uint64_t hash = 0;  // of the text
  GivenName given = {};
  Index uses = 0;       // in how many names of records it stands
  Index as_given = 0;   // of these: before another word, or alone after Sir
  Index as_last = 0;    // after another word
  Index as_titled = 0;  // alone after a title that goes with family names
  Index alone = 0;      // alone without a title
  Index meant = kNone;  // itself, or the word that it is a slip of the pen for

  Index as_family() const { return as_last + as_titled; }
};

class Vocabulary {
 public:
  // That as many words will be added at most.
  void reserve(std::size_t words) { numbers_.reserve(words); }

  // The number of a word, which must live as long as this.
  Index number_of(std::string_view text);
  Index number_of(std::string_view text, const GivenName& given);

  // Counts the words of a name that stands `uses` times in records, and appends their numbers.
  // First all names, then repair(), then the rest.
  void add(const Name& name, Index uses, std::vector<Index>& numbers);

  // A rare word that is one slip away from a much more frequent one, or from a given name of the
  // table that somebody has here, is that word. Short words and those that are names themselves
  // (Ellen, Helen) are left alone. Words that differ by their hyphens alone are one.
  void repair();

  const Word& operator[](Index word) const { return words_[word]; }
  std::size_t size() const { return words_.size(); }

  // What the only word of a name is.
  Role role_of(Index word, Title title) const;

  // Whether two given names can be one person's: short forms, initials, names cut short.
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

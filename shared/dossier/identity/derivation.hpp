// Joins people with partial names to those whose full names contain them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/dossier/identity/people.hpp"

namespace fabula::dossier::identity {

class Derivation {
 public:
  Derivation(const Mentions& mentions, People& people);

  void run();
  // Call this when another rule has joined this person with another one.
  void note_change(Index person);

 private:
  // A record of the last time that a person was examined and not joined.
  struct Look {
    std::uint64_t began = 0;  // 0: never examined, or the person has changed
    // The words whose bearers were examined: index into look_words_.
    std::size_t first_word = 0;
    std::size_t word_count = 0;
  };

  bool run_round();
  void note_look(Index person, std::uint64_t began, std::size_t first_word);
  bool is_to_be_looked_at(Index person) const;
  void index_people();
  std::span<const Index> holders(Index word) const;
  void collect_bearers(std::size_t first_word);
  void append_words_for(const Profile& less);
  const std::vector<Index>& like(Index given);
  Index find_whole(Index person);
  std::uint32_t choose(Index person) const;
  int claim(const Profile& less, const Profile& more) const;
  bool has_rival(Index person, Index best);
  bool is_rival(Index other, Index person, Index best) const;
  bool are_compatible(const std::vector<Index>& candidates) const;

  const Mentions& mentions_;
  People& people_;
  std::uint64_t clock_ = 1;
  std::vector<std::uint64_t> changed_at_;  // for each word: when a bearer last changed
  std::vector<Look> looks_;                // for each person
  std::vector<Index> look_words_;          // the last ones belong to the person being examined
  std::vector<Index> order_;               // all people
  std::vector<Index> holders_;             // for each word, when the round began
  std::vector<Index> ends_of_holders_;     // for each word, the end of its own holders
  std::vector<Index> bearers_;             // bearers of the words that were looked up last
  std::vector<Index> given_;               // the words that are given names
  std::vector<std::optional<std::vector<Index>>> like_;  // for each given name
};

}  // namespace fabula::dossier::identity

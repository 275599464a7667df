// Joins whose names are parts of others' names with those whose parts they can be.
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
  // Somebody else has joined this person with another one.
  void note_change(Index person);

 private:
  // What was looked at when a person last stayed apart.
  struct Look {
    std::uint64_t began = 0;  // 0: there was none, or the person has changed
    // Whose bearers, all of them: place among look_words_.
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
  std::vector<std::uint64_t> changed_at_;                // of each word: when a bearer has changed
  std::vector<Look> looks_;                              // of each person
  std::vector<Index> look_words_;                        // the last are of who is looked at
  std::vector<Index> order_;                             // all people
  std::vector<Index> holders_;                           // of each word, when the round began
  std::vector<Index> ends_of_holders_;                   // of each word, where its own end
  std::vector<Index> bearers_;                           // of the words looked for last
  std::vector<Index> given_;                             // the words that are given names
  std::vector<std::optional<std::vector<Index>>> like_;  // of each of them
};

}  // namespace fabula::dossier::identity

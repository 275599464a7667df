// Joins whose names are parts of others' names with those whose parts they can be.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/dossier/people.hpp"

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
    std::uint64_t began;
    std::vector<Index> words;  // whose bearers, all of them
  };

  bool run_round();
  bool is_to_be_looked_at(Index person) const;
  void index_people();
  void collect_bearers(const std::vector<Index>& words, std::vector<Index>& found) const;
  void append_words_for(const Profile& less, std::vector<Index>& words);
  const std::vector<Index>& like(Index given);
  Index find_whole(Index person, std::vector<Index>& words);
  std::uint32_t choose(Index person, const std::vector<Index>& found) const;
  int claim(const Profile& less, const Profile& more) const;
  bool has_rival(Index person, Index best, std::vector<Index>& words);
  bool is_rival(Index other, Index person, Index best) const;
  bool are_compatible(const std::vector<Index>& candidates) const;

  const Mentions& mentions_;
  People& people_;
  std::uint64_t clock_ = 1;
  std::vector<std::uint64_t> changed_at_;                // of each word: when a bearer has changed
  std::vector<std::optional<Look>> looks_;               // of each person
  std::vector<Index> order_;                             // all people
  std::vector<std::vector<Index>> holders_;              // of each word, when the round began
  std::vector<Index> given_;                             // the words that are given names
  std::vector<std::optional<std::vector<Index>>> like_;  // of each of them
};

}  // namespace fabula::dossier::identity

// Keeps things one or apart as they are, while an edit is drafted that must not change this.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

// The mentions of each thing, shown or not.
std::vector<const std::vector<EntryIndex>*> all_mentions(const State& state);

class Identities {
 public:
  // Notes that these mentions are one thing, and not one of those noted before or after.
  void note(const std::vector<EntryIndex>& mentions);
  // Notes everything as it is, including hidden things, which must not absorb shown ones.
  void note_all(Dossier& dossier);

  // Adds the decisions that restore the noted state in the draft: that things which have become one
  // are different, and that mentions which have fallen apart are the same. Each decision may move
  // other mentions, which are then corrected too.
  void keep(Draft& draft) const;

 private:
  bool keep_apart(Draft& draft) const;
  bool keep_together(Draft& draft) const;
  std::vector<std::uint32_t> found_in(const std::vector<EntryIndex>& mentions) const;

  std::vector<std::vector<EntryIndex>> all_;
  NumberTable by_mention_;  // keyed by a mention's position
};

}  // namespace fabula::dossier

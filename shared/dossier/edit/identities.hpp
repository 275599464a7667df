// Who is who, while an edit is drafted that shall not change it.
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
  // That these mentions are one thing, and another than those noted before and after.
  void note(const std::vector<EntryIndex>& mentions);
  // Everything as it is, what is not shown included: it must not take with it what is.
  void note_all(Dossier& dossier);

  // Adds what has to be said so that it is so in the draft: what was several things and has become
  // one is said to be several, what was one and has fallen apart, one. That may move others, which
  // is then put right too.
  void keep(Draft& draft) const;

 private:
  bool keep_apart(Draft& draft) const;
  bool keep_together(Draft& draft) const;
  std::vector<std::uint32_t> found_in(const std::vector<EntryIndex>& mentions) const;

  std::vector<std::vector<EntryIndex>> all_;
  NumberTable by_mention_;  // by a mention's position
};

}  // namespace fabula::dossier

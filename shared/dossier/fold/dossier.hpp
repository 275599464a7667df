// A dossier: the set of its entries, and the state that they fold to.
//
//   Dossier dossier;
//   dossier.add(parse_rows(log)->entries);
//   const std::string snapshot = snapshot_json(dossier);
//
// Its ontology defines its types and fields: a story's by default. The entries must have been read
// with the same ontology. (edit/ and extract/ write only a story's entries.) The state depends only
// on the set of entries, not on the order or number of times in which they were added. Adding to a
// folded dossier costs only as much as the new entries touch, so keep the dossier if you merge
// often. Memory: 2.0 to 2.6 KB per entry, including its texts (room.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/entry.hpp"
#include "shared/dossier/log/ontology.hpp"
#include "shared/dossier/log/story.hpp"

namespace fabula::dossier {

struct Log;

class Dossier {
 public:
  // The ontology's tables must outlive the dossier: they are constants.
  explicit Dossier(const Ontology& ontology = story::kOntology);
  Dossier(const Dossier&);
  Dossier(Dossier&&) noexcept;
  Dossier& operator=(const Dossier&);
  Dossier& operator=(Dossier&&) noexcept;
  ~Dossier();

  // Returns how many entries were new.
  std::size_t add(std::vector<Entry> entries);

  // Folds entries that were added since the last call. The reference is valid until the next add.
  const State& state();

  const std::vector<Entry>& entries() const;
  // kNoEntry if there is none.
  EntryIndex find(Reference reference) const;
  // The shown character, place or object with this id, mention or fact; or nullptr.
  const Entity* entity(Reference reference);
  std::string_view field_name(std::uint32_t field) const;
  // If no entry has used the name yet, the result is not the index of any field.
  std::uint32_t field_named(std::string_view name) const;
  // Entries in the order in which their content was said.
  const std::vector<EntryIndex>& content_order() const;

  // For the parts of this folder only.
  const Log& log() const;

 private:
  class Fold;
  std::unique_ptr<Fold> fold_;
};

}  // namespace fabula::dossier

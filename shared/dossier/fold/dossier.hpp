// A dossier: the set of its entries, and what they say together.
//
//   Dossier dossier;
//   dossier.add(parse_rows(log)->entries);
//   const std::string snapshot = snapshot_json(dossier);
//
// What it is about is its ontology, a story's unless another is given, which its entries were read
// with too. (edit/ and extract/ write a story's entries alone.)
// What is shown is a function of the set of entries: not of the order in which they were added, nor
// of how often. Adding to a dossier that has been folded costs only what the new entries touch, so
// who merges often keeps it. Memory: 2.0 to 2.6 KB an entry, its texts included (room.hpp).
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

  // Returns how many were not there yet.
  std::size_t add(std::vector<Entry> entries);

  // Computed when it is asked for after something was added. The reference is good until then.
  const State& state();

  const std::vector<Entry>& entries() const;
  // kNoEntry if there is none.
  EntryIndex find(Reference reference) const;
  // The shown character, place or object that this is a mention, a fact or the id of; or nullptr.
  const Entity* entity(Reference reference);
  std::string_view field_name(std::uint32_t field) const;
  // Of a name that no entry has used yet it is no field's index.
  std::uint32_t field_named(std::string_view name) const;
  // The order in which things were said.
  const std::vector<EntryIndex>& content_order() const;

  // For the parts of this folder.
  const Log& log() const;

 private:
  class Fold;
  std::unique_ptr<Fold> fold_;
};

}  // namespace fabula::dossier

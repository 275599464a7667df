// Builds characters, places and objects as they are shown.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/dossier/fold/decide.hpp"
#include "shared/dossier/fold/relations.hpp"

namespace fabula::dossier {

// A thing, and the questions about it.
struct BuiltThing {
  std::uint64_t fingerprint = 0;  // of all its inputs
  Entity entity;
  std::vector<Question> questions;
};

// The names of clusters that nobody has renamed, keyed by a fingerprint of their mentions. They are
// kept from one fold to the next, since choosing a name needs parsing.
using FirstNames = std::unordered_map<std::uint64_t, std::string>;

class ThingBuilder {
 public:
  ThingBuilder(Folding& folding, const Events& events, FirstNames& first_names);

  // False if a person has removed the cluster, or the story says that it does not exist.
  bool is_there(std::uint32_t cluster) const { return is_there_[cluster]; }
  // The id of the entity that the cluster would become.
  Reference id_of(std::uint32_t cluster) const;
  // Two equal fingerprints mean that build() gives the same thing and records the same statuses.
  std::uint64_t fingerprint(std::uint32_t cluster) const;
  BuiltThing build(std::uint32_t cluster);
  // Builds title, logline, genre and tone.
  BuiltThing build_subject();

  // The mentions that count, in content order; if none do, those that a person's edit keeps.
  std::vector<EntryIndex> mentions_of(std::uint32_t cluster) const;

 private:
  std::vector<bool> find_those_there() const;
  bool decide_is_there(std::uint32_t cluster) const;
  // The id of a related entity; 0 when it is not shown.
  Reference shown_id_of(std::uint32_t cluster) const;
  void add_relations(std::uint32_t cluster, Entity& entity) const;
  std::uint64_t fingerprint_of_texts(const Event& event, std::uint32_t cluster) const;
  std::vector<Element> find_aliases(const Entity& entity, std::span<const Event> name_events) const;
  void build_fields(std::span<const Event> events, std::uint32_t cluster, BuiltThing& built);
  Decided decide(std::uint32_t field, std::span<const Event> events, std::uint32_t cluster,
                 const Entity& entity, EntryIndex lock);

  Folding& folding_;
  const Events& events_;
  std::vector<bool> is_there_;  // by cluster
  NameOwners owners_;
};

}  // namespace fabula::dossier

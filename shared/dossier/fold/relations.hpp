// What a character is to others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/decide.hpp"

namespace fabula::dossier {

// The owner of each name, by the name's number: a cluster of characters, or kNone where there are
// several. A cluster that is not there has only the names that no other one has.
class NameOwners {
 public:
  // `is_there` is by cluster, and must outlive this.
  NameOwners(const Log& log, const std::vector<Status>& activity, const Clusters& clusters,
             const std::vector<bool>& is_there);
  // The cluster is called by this name, too.
  void note(std::uint32_t value, std::uint32_t cluster);
  std::uint32_t of(std::uint32_t value) const {
    return value < owners_.size() && owners_[value] != kSeveral ? owners_[value] : kNone;
  }

 private:
  static constexpr std::uint32_t kSeveral = kNone - 1;

  const std::vector<bool>& is_there_;
  std::vector<std::uint32_t> owners_;
};

// The cluster that a relation leads to; kNone when it is only a name.
std::uint32_t other_cluster(const Folding& folding, const NameOwners& owners, EntryIndex relation);

// Relations of a cluster as "sister: Nora", by the others' present names: what relations say that
// is neither corrected nor retracted. `needs_values`: persons have said something of the list too.
std::vector<Element> find_relations(Folding& folding, const NameOwners& owners,
                                    std::uint32_t cluster, std::span<const Event> events,
                                    bool needs_values);

// A text of the list of relations, "sister: Nora", taken apart.
struct ToldRelation {
  std::string relation;
  std::string name;             // as the other is shown, else as the text has it; "": nobody
  std::uint32_t other = kNone;  // a cluster
};

// The relations that a list shows. A text stands for several when several people have the name.
std::vector<ToldRelation> tell_relations(const Folding& folding, const NameOwners& owners,
                                         std::uint32_t cluster,
                                         const std::vector<ShownValue>& values);
// The meaning of a text by itself, whoever wrote it.
ToldRelation tell_relation(const Folding& folding, const NameOwners& owners, std::uint32_t cluster,
                           std::string_view text);

}  // namespace fabula::dossier

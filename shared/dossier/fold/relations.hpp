// The relations of a character to others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/decide.hpp"

namespace fabula::dossier {

// Maps the number of a name to its owner: a cluster of characters, or kNone if there are several. A
// cluster that is not shown owns only names that no other one has.
class NameOwners {
 public:
  // `is_there` is indexed by cluster, and must outlive this object.
  NameOwners(const Log& log, const std::vector<Status>& activity, const Clusters& clusters,
             const std::vector<bool>& is_there);
  // Notes that the cluster also has this name.
  void note(std::uint32_t value, std::uint32_t cluster);
  std::uint32_t of(std::uint32_t value) const {
    return value < owners_.size() && owners_[value] != kSeveral ? owners_[value] : kNone;
  }

 private:
  static constexpr std::uint32_t kSeveral = kNone - 1;

  const std::vector<bool>& is_there_;
  std::vector<std::uint32_t> owners_;
};

// The cluster that a relation points to; kNone when it is only a name.
std::uint32_t other_cluster(const Folding& folding, const NameOwners& owners, EntryIndex relation);

// Relations of a cluster as "sister: Nora", with the current names of the others; without those
// that were corrected or retracted. `needs_values`: persons have edited the list too.
std::vector<Element> find_relations(Folding& folding, const NameOwners& owners,
                                    std::uint32_t cluster, std::span<const Event> events,
                                    bool needs_values);

// One text in a list of relations, "sister: Nora", parsed.
struct ToldRelation {
  std::string relation;
  std::string name;  // the name that is shown for the other, else that in the text; "": no name
  std::uint32_t other = kNone;  // the other's cluster
};

// The relations that a list shows. One text means several if several people have the name.
std::vector<ToldRelation> tell_relations(const Folding& folding, const NameOwners& owners,
                                         std::uint32_t cluster,
                                         const std::vector<ShownValue>& values);
// Parses a text by itself, whoever wrote it.
ToldRelation tell_relation(const Folding& folding, const NameOwners& owners, std::uint32_t cluster,
                           std::string_view text);

}  // namespace fabula::dossier

// Which slots are the same character, place or object.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/dossier/identity.hpp"
#include "shared/dossier/records.hpp"

namespace fabula::dossier {

struct Cluster {
  Type type = Type::none;
  std::vector<std::uint32_t> slots;  // by their first mention that counts, in content order
};

struct Clusters {
  // Characters, then locations, then objects; each by first mention.
  std::vector<Cluster> all;
  std::vector<std::uint32_t> of_slots;  // kNone: it is not there
};

// A character's slot with its names parsed, and the entries that they were parsed from.
struct PreparedSlot {
  std::vector<EntryIndex> entries;
  PreparedRecord record;
};

// Keeps the last result and gives it again for the same question, and names that it has parsed:
// telling people apart costs more than all else.
class ClusterFinder {
 public:
  const Clusters& find(const Log& log, const std::vector<Status>& activity, const Records& records);

  const Clusters& last() const { return last_; }

 private:
  Clusters last_;
  std::vector<std::uint64_t> last_question_;
  std::vector<PreparedSlot> prepared_;
};

}  // namespace fabula::dossier

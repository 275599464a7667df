// Groups slots that are the same character, place or object.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/dossier/fold/records.hpp"
#include "shared/dossier/identity/identity.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {

struct Cluster {
  Type type = Type::none;
  std::vector<std::uint32_t> slots;  // by their first mention that counts, in content order
};

struct Clusters {
  // Characters, then locations, then objects; each type by first mention.
  std::vector<Cluster> all;
  std::vector<std::uint32_t> of_slots;  // each slot's cluster; kNone: the slot is not shown
};

// Data about the characters that is kept between folds: their parsed names and the results for
// them.
struct PreparedPeople {
  std::vector<PreparedRecord> records;
  std::vector<std::uint64_t> keys;  // for each record: the keys of the entries that name it
  Answers answers;
};

// Keeps the last result and returns it again for the same input: telling people apart costs more
// than everything else.
class ClusterFinder {
 public:
  const Clusters& find(const Log& log, const std::vector<Status>& activity, const Records& records);

  const Clusters& last() const { return last_; }

 private:
  Clusters last_;
  std::vector<std::uint64_t> last_question_;
  PreparedPeople people_;
};

}  // namespace fabula::dossier

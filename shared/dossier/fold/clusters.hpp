// Which slots are the same character, place or object.
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
  // Characters, then locations, then objects; each by first mention.
  std::vector<Cluster> all;
  std::vector<std::uint32_t> of_slots;  // kNone: it is not there
};

// What is kept of the characters: their names taken apart, and what was found out of them.
struct PreparedPeople {
  std::vector<PreparedRecord> records;
  std::vector<std::uint64_t> keys;  // of each record: of the entries that name it
  Answers answers;
};

// Keeps the last result and gives it again for the same question: telling people apart costs more
// than all else.
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

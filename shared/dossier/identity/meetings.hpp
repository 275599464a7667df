// Counts how often two names are in one record, and how often in two records of one delivery.
#pragma once

#include <utility>
#include <vector>

#include "shared/dossier/identity/mentions.hpp"

namespace fabula::dossier::identity {

struct Meetings {
  Index together = 0;  // deliveries in which one record has both
  Index apart = 0;     // deliveries in which two records, not halves of one, have one each
};

// All pairs of forms that occur together in some record.
class MeetingTable {
 public:
  struct Row {
    Index first;
    Index second;  // greater
    Meetings count;
  };

  explicit MeetingTable(const Mentions& mentions);

  // Sorted by `first`, then `second`.
  const std::vector<Row>& all() const { return rows_; }
  Meetings of(Index f, Index g) const;

 private:
  std::vector<Row> rows_;
};

// Appends the pairs of records of one delivery, the earlier first, where one has `f` and the other
// `g`. If many records of a delivery have them, only some pairs are appended.
void append_apart(const Mentions& mentions, Index f, Index g,
                  std::vector<std::pair<Index, Index>>& pairs);

struct Doubling {
  Index deliveries = 0;  // deliveries with the form
  Index doubled = 0;     // deliveries in which two records that are not halves of one have it
};

Doubling doubling_of(const Mentions& mentions, Index f);

}  // namespace fabula::dossier::identity

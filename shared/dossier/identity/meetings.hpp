// How often two names stand in one record and how often in two of one delivery.
#pragma once

#include <utility>
#include <vector>

#include "shared/dossier/identity/mentions.hpp"

namespace fabula::dossier::identity {

struct Meetings {
  Index together = 0;  // deliveries in which one record has both
  Index apart = 0;     // deliveries in which two records that are no halves have one each
};

// Of all pairs of forms that some record has both of.
class MeetingTable {
 public:
  struct Row {
    Index first;
    Index second;  // greater
    Meetings count;
  };

  explicit MeetingTable(const Mentions& mentions);

  // By `first`, then `second`.
  const std::vector<Row>& all() const { return rows_; }
  Meetings of(Index f, Index g) const;

 private:
  std::vector<Row> rows_;
};

// The pairs of records of one delivery, the earlier one first, of which one has `f` and one `g`.
// Of a delivery in which many have them, some.
void append_apart(const Mentions& mentions, Index f, Index g,
                  std::vector<std::pair<Index, Index>>& pairs);

struct Doubling {
  Index deliveries = 0;  // those with the form
  Index doubled = 0;     // those in which two records have it that are no halves of one
};

Doubling doubling_of(const Mentions& mentions, Index f);

}  // namespace fabula::dossier::identity

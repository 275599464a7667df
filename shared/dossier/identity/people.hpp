// The partition while it is made: each person begins as one record, and people are joined.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "shared/dossier/identity/profile.hpp"

namespace fabula::dossier::identity {

struct Person {
  Profile profile;
  Counts deliveries;
  Index record_count = 1;
  std::uint64_t content = 0;  // a fingerprint of all members
};

// People are identified by the first of their records.
class People {
 public:
  People(const Mentions& mentions, std::span<const IdentityDecision> decisions);

  Index of(Index record) const;
  const Person& operator[](Index person) const { return people_[person]; }
  std::vector<Index> all() const;
  // Calls `visit` with each record of a person, in no order.
  template <class Visit>
  void for_each_record(Index person, Visit&& visit) const {
    auto record = person;
    do {
      visit(record);
      record = next_[record];
    } while (record != person);
  }

  // True if no person has decided against it, the names allow it, and no delivery lists both.
  bool may_join(Index a, Index b) const;
  // The same without the test of the deliveries.
  bool may_be_one(Index a, Index b) const;
  // The number of deliveries that list both.
  Index shared_deliveries(Index a, Index b) const;
  void join(Index a, Index b);

  // Whether `person` matches `a` better than `b`: compares the shared names, then the number of
  // records, then the distance in the text, then which was first.
  bool is_closer(Index person, Index a, Index b) const;

 private:
  bool is_decided_different(Index a, Index b) const;
  Index distance(Index a, Index b) const;

  const Mentions& mentions_;
  std::vector<Person> people_;
  mutable std::vector<Index> parents_;
  std::vector<Index> next_;  // the next record of the same person, in a circle
  std::vector<std::pair<Index, Index>> different_;
};

}  // namespace fabula::dossier::identity

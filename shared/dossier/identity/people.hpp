// The partition while it is made: people, who begin as one record each and are joined.
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
  std::uint64_t content = 0;  // a fingerprint of all this
};

// A person is known by the first of their records.
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

  // No person has decided against it, names allow it, and no delivery lists them as two.
  bool may_join(Index a, Index b) const;
  // The same but for the deliveries.
  bool may_be_one(Index a, Index b) const;
  // In how many deliveries they are two.
  Index shared_deliveries(Index a, Index b) const;
  void join(Index a, Index b);

  // Whether `person` is rather `a` than `b`: who shares more names, then who has more records, then
  // who is nearer in the text, then who was first.
  bool is_closer(Index person, Index a, Index b) const;

 private:
  bool is_decided_different(Index a, Index b) const;
  Index distance(Index a, Index b) const;

  const Mentions& mentions_;
  std::vector<Person> people_;
  mutable std::vector<Index> parents_;
  std::vector<Index> next_;  // record of the same person, in a circle
  std::vector<std::pair<Index, Index>> different_;
};

}  // namespace fabula::dossier::identity

// Which mentions are one person: a partition of a work's records, computed from their set alone.
// README.md beside it says which rules there are and why.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/answers.hpp"
#include "shared/dossier/identity/names.hpp"

namespace fabula::dossier {

// More names of one record than this are not looked at.
inline constexpr std::size_t kMaximumNamesOfRecord = 24;

// One entry of one delivery. Views live as long as the call that they are given to.
struct PersonRecord {
  std::string_view id;        // unique; the last tie-break, so it must come from the content
  std::string_view delivery;  // records of one delivery are different people
  std::uint64_t order = 0;    // reading order of its delivery: of the content, not of arrival
  std::string_view name;
  std::span<const std::string> aliases;
};

// A record whose names are parsed, which is most of the work: keep it to merge again.
struct PreparedRecord {
  std::string id;
  std::string delivery;
  std::uint64_t order = 0;
  std::vector<Name> names;  // the name, then the aliases
  std::uint64_t id_hash = 0;
};

PreparedRecord prepare(const PersonRecord& record);

// By a person, about two records (indexes of the span). It wins over every rule; where decisions
// contradict each other, "different" wins.
struct IdentityDecision {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool is_same = false;
};

// The texts' own words about one record. Views live as long as the call that they are given to.
using Quotes = std::vector<std::string_view>;

// For each record the number of its person; people are numbered by their first record in the order
// of (order, delivery, id). The same set gives the same partition in any order of the span, and
// whatever `answers` has from before: kept from one set to the next, what has not changed is not
// looked at again. `quotes`: none, or those of each record. A part of a name that several people
// have ("Anna") belongs to the one whom alone its quotes name in full ("Anna Stein laughed").
std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions,
                                           Answers& answers, std::span<const Quotes> quotes = {});
std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions = {});
std::vector<std::uint32_t> identify_people(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions = {});

}  // namespace fabula::dossier

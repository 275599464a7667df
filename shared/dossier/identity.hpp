// Which mentions of people are the same person.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fabula::dossier {

struct PersonRecord {         // one mention; views live as long as the call
  std::string_view id;        // content-unique, total order for ties
  std::string_view delivery;  // records of one delivery are different people
  std::uint64_t order = 0;    // reading order of its delivery (content, not arrival)
  std::string_view name;
  std::span<const std::string> aliases;
};

struct IdentityDecision {  // by a person; wins. Indexes of records.
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool is_same = false;
};

// The cluster number of each record; numbers by first record in (order, id). The same set gives the
// same partition, in any order of the span.
std::vector<std::uint32_t> identify_people(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions);

}  // namespace fabula::dossier

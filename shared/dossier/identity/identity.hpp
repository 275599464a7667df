// Decides which mentions are one person: a partition of a work's records that depends on their set
// alone. shared/dossier/README.md explains the rules.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/answers.hpp"
#include "shared/dossier/identity/names.hpp"

namespace fabula::dossier {

// Further names of one record are ignored.
inline constexpr std::size_t kMaximumNamesOfRecord = 24;

// One entry of one delivery. Views must live as long as the call that takes them.
struct PersonRecord {
  std::string_view id;        // unique; the last tie-break, so it must come from the content
  std::string_view delivery;  // records of one delivery are different people
  std::uint64_t order = 0;    // reading order of its delivery: by content, not by arrival
  std::string_view name;
  std::span<const std::string> aliases;
};

// A record with parsed names. Parsing is most of the work: keep this to merge again.
struct PreparedRecord {
  std::string id;
  std::string delivery;
  std::uint64_t order = 0;
  std::vector<Name> names;  // the name, then the aliases
  std::uint64_t id_hash = 0;
};

PreparedRecord prepare(const PersonRecord& record);

// A person's decision about two records (indexes of the span). It wins over every rule; of
// contradictory decisions, "different" wins.
struct IdentityDecision {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  bool is_same = false;
};

// The texts' own words about one record. Views must live as long as the call that takes them.
using Quotes = std::vector<std::string_view>;

// Returns for each record the number of its person; people are numbered by their first record in
// the order of (order, delivery, id). The same set gives the same partition, whatever the order of
// the span and the contents of `answers`, a cache: keep it from one set to the next, and unchanged
// records are not examined again. `quotes`: none, or those of each record. A partial name that
// several people share ("Anna") belongs to the only one whose quotes have the full name ("Anna
// Stein laughed").
std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions,
                                           Answers& answers, std::span<const Quotes> quotes = {});
std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions = {});
std::vector<std::uint32_t> identify_people(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions = {});

}  // namespace fabula::dossier

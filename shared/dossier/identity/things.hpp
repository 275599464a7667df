// Decides which mentions of places or objects are the same thing: those with a common name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/identity/identity.hpp"

namespace fabula::dossier {

struct ThingRecord {
  std::string_view name;
  std::vector<std::string> aliases;
  Quotes quotes = {};  // views that must live during the call
};

// The cluster number of each record, given in reading order; numbers by first record. Two records
// of one answer with the same name are one thing. Leading articles are ignored: "the old mill" is
// "old mill". Things of one kind with different owners or numbers are never one, whatever other
// names they share: "her knife" is not "his knife", "Room 12" not "Room 13". "The knife" is the
// only knife that is mentioned or has an owner; otherwise the only one that its quotes name ("her
// knife was rusty"). The decisions must not contradict each other.
std::vector<std::uint32_t> identify_things(std::span<const ThingRecord> records,
                                           std::span<const IdentityDecision> decisions);

}  // namespace fabula::dossier

// Which mentions of places or objects are the same thing: those that have a name in common.
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
  Quotes quotes = {};  // views that live as long as the call
};

// The cluster number of each record, given in reading order; numbers by first record. Two of one
// answer with the same name are one thing. Articles in front do not count: "the old mill" is "old
// mill". Things of one kind with different owners or numbers are never one, whatever other names
// they share: "her knife" is not "his knife", "Room 12" not "Room 13". "The knife" is the only
// knife of which it is said, or that is somebody's; else the one that its quotes alone name ("her
// knife was rusty"). The decisions must not contradict each other.
std::vector<std::uint32_t> identify_things(std::span<const ThingRecord> records,
                                           std::span<const IdentityDecision> decisions);

}  // namespace fabula::dossier

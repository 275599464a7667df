// Which things are there to be told apart, and what persons' acts are about.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

// No rank: before everything. Ranks are given as one more than Log::ranks has them.
inline constexpr std::uint32_t kNever = 0;

// What is known of each slot of the log.
struct Record {
  bool counts = false;  // one of its mentions does, or a person has edited it
  // The first of its mentions that count; the first of all when only a person's edit keeps it.
  EntryIndex mention = kNoEntry;
  std::uint32_t removed_at = kNever;  // when a person last removed it
  std::uint32_t edited_at = kNever;   // when a person last added to it or added it
  bool is_removed() const { return removed_at > edited_at; }
};

struct Records {
  std::vector<Record> of_slots;
  // Of each entry: the slot that a person's act is about, kNone where it is about none that there
  // is, or where a later removal has swept it away.
  std::vector<std::uint32_t> targets;
};

// The acts that say something about a thing which a person would miss.
bool is_edit(const Entry& entry);

Records find_records(const Log& log, const std::vector<Status>& activity);

// The slot that a reference and, should that not be there any more, one of `others` is about;
// kNone.
std::uint32_t slot_of(const Log& log, const std::vector<Record>& records, Reference target,
                      const std::vector<Reference>& others);

}  // namespace fabula::dossier

// The things to distinguish, and the targets of persons' acts.
#pragma once

#include <cstdint>
#include <vector>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

// The rank before all others: ranks are stored as one more than in Log::ranks.
inline constexpr std::uint32_t kNever = 0;

// The facts about each slot of the log.
struct Record {
  bool counts = false;  // one of its mentions counts, or a person has edited it
  // The first mention that counts; the first of all when only a person's edit keeps it.
  EntryIndex mention = kNoEntry;
  std::uint32_t removed_at = kNever;  // when a person last removed it
  std::uint32_t edited_at = kNever;   // when a person last added it or added to it
  bool is_removed() const { return removed_at > edited_at; }
};

struct Records {
  std::vector<Record> of_slots;
  // For each entry the slot that a person's act is about; kNone if there is no such slot, or if a
  // later removal has superseded the act.
  std::vector<std::uint32_t> targets;
};

// Whether the act says something about a thing that a person would miss.
bool is_edit(const Entry& entry);

Records find_records(const Log& log, const std::vector<Status>& activity);

// The slot of a reference, or of one of `others` if the reference does not exist any more; else
// kNone.
std::uint32_t slot_of(const Log& log, const std::vector<Record>& records, Reference target,
                      const std::vector<Reference>& others);

}  // namespace fabula::dossier

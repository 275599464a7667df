#include "shared/dossier/fold/records.hpp"

#include <algorithm>

namespace fabula::dossier {
namespace {

bool is_about_a_thing(const Entry& entry) {
  switch (entry.act) {
    case Act::set:
    case Act::list:
    case Act::lock:
    case Act::unlock:
    case Act::resolve:
    case Act::remove:
      return entry.target > kSubject;
    default:
      return false;
  }
}

void note_removal(const Log& log, EntryIndex index, std::vector<Record>& records) {
  const Entry& entry = log.entries[index];
  const auto note = [&](Reference reference) {
    const auto named = log.find(reference);
    const auto slot = named == kNone ? kNone : log.links[named].slot;
    if (slot != kNone) {
      records[slot].removed_at = std::max(records[slot].removed_at, log.ranks[index] + 1);
    }
  };
  note(entry.target);
  for (const auto reference : entry.mentions) note(reference);
}

// A person's texts stay with the mention that the person referred to, whatever happens to that
// mention. Other acts go with a mention that still counts.
std::uint32_t target_of(const Log& log, const std::vector<Record>& records, const Entry& entry) {
  if (is_edit(entry)) {
    const auto named = log.find(entry.target);
    const auto slot = named == kNone ? kNone : log.links[named].slot;
    if (slot != kNone && !log.slots[slot].mentions.empty()) return slot;
  }
  return slot_of(log, records, entry.target, entry.mentions);
}

}  // namespace

bool is_edit(const Entry& entry) {
  if (entry.act == Act::set) return entry.has_value;
  return entry.act == Act::add || (entry.act == Act::list && entry.is);
}

std::uint32_t slot_of(const Log& log, const std::vector<Record>& records, Reference target,
                      const std::vector<Reference>& others) {
  std::uint32_t first_known = kNone;
  const auto counting_slot = [&](Reference reference) {
    const auto named = log.find(reference);
    const auto slot = named == kNone ? kNone : log.links[named].slot;
    if (slot == kNone) return kNone;
    if (first_known == kNone && !log.slots[slot].mentions.empty()) first_known = slot;
    return records[slot].counts ? slot : kNone;
  };
  if (const auto slot = counting_slot(target); slot != kNone) return slot;
  for (const auto reference : others) {
    if (const auto slot = counting_slot(reference); slot != kNone) return slot;
  }
  return first_known;
}

Records find_records(const Log& log, const std::vector<Status>& activity) {
  Records found;
  found.of_slots.resize(log.slots.size());
  found.targets.assign(log.entries.size(), kNone);
  for (std::size_t slot = 0; slot < log.slots.size(); ++slot) {
    Record& record = found.of_slots[slot];
    for (const auto mention : log.slots[slot].mentions) {
      if (activity[mention] != Status::shown) continue;
      if (!record.counts) record.mention = mention;
      record.counts = true;
    }
  }

  // An edit that keeps a thing must not affect the targets of later acts: find all targets first.
  for (const auto index : log.order) {
    const Entry& entry = log.entries[index];
    if (activity[index] != Status::shown) continue;
    if (entry.act == Act::remove) note_removal(log, index, found.of_slots);
    if (entry.act == Act::add) {
      found.targets[index] = log.links[index].slot;
    } else if (is_about_a_thing(entry)) {
      found.targets[index] = target_of(log, found.of_slots, entry);
    }
  }
  for (const auto index : log.order) {
    const auto slot = found.targets[index];
    if (slot == kNone || !is_edit(log.entries[index])) continue;
    Record& record = found.of_slots[slot];
    record.edited_at = log.ranks[index] + 1;
    record.counts = true;
    if (record.mention == kNoEntry) record.mention = log.slots[slot].mentions.front();
  }
  for (EntryIndex index = 0; index < log.entries.size(); ++index) {
    auto& slot = found.targets[index];
    if (slot == kNone || log.entries[index].act == Act::remove) continue;
    if (log.ranks[index] + 1 < found.of_slots[slot].removed_at) slot = kNone;
  }
  return found;
}

}  // namespace fabula::dossier

#include "shared/dossier/fold/decisions.hpp"

#include <algorithm>

#include "shared/dossier/identity/groups.hpp"

namespace fabula::dossier {
namespace {

// Beyond this number, older decisions are ignored.
constexpr std::size_t kMaximumDecisions = 50'000;
// For two small parts every mention of one is kept apart from every mention of the other; for
// larger parts only one pair is, and each part is held together.
constexpr std::size_t kMaximumPairs = 4096;

using Part = std::vector<std::uint32_t>;

class Decisions {
 public:
  Decisions(const Log& log, const Records& records)
      : log_(log), records_(records), groups_(log.slots.size()) {}

  bool is_full() const { return accepted_.size() >= kMaximumDecisions; }

  void take(const Entry& entry) {
    std::vector<Part> parts;
    Type type = Type::none;
    for (const auto& references : entry.parts) parts.push_back(slots_of(references, type));
    parts.erase(
        std::remove_if(parts.begin(), parts.end(), [](const Part& part) { return part.empty(); }),
        parts.end());
    if (entry.act == Act::same) {
      Part all;
      for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
      return hold_together(all);
    }
    for (const auto& part : parts) {
      if (entry.holds_together) hold_together(part);
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (std::size_t k = i + 1; k < parts.size(); ++k) keep_apart(parts[i], parts[k]);
    }
  }

  // Decides that the two are one, unless a person has said otherwise.
  void join(std::uint32_t first, std::uint32_t second) {
    if (!is_full() && first != second && groups_.join(first, second)) {
      accepted_.push_back({first, second, true});
    }
  }

  std::vector<SlotDecision> accepted() && { return std::move(accepted_); }

 private:
  // The existing slots that have the first one's type.
  Part slots_of(const std::vector<Reference>& references, Type& type) const {
    Part slots;
    for (const auto reference : references) {
      const auto named = log_.find(reference);
      const auto slot = named == kNone ? kNone : log_.links[named].slot;
      if (slot == kNone || !records_.of_slots[slot].counts) continue;
      if (type == Type::none) type = log_.slots[slot].type;
      if (log_.slots[slot].type == type) slots.push_back(slot);
    }
    return slots;
  }

  void hold_together(const Part& part) {
    for (std::size_t i = 1; i < part.size(); ++i) {
      if (part[i - 1] != part[i] && groups_.join(part[i - 1], part[i])) {
        accepted_.push_back({part[i - 1], part[i], true});
      }
    }
  }

  void keep_apart(const Part& first, const Part& second) {
    if (first.size() * second.size() > kMaximumPairs) {
      hold_together(first);
      hold_together(second);
      return keep_pair_apart(first.front(), second.front());
    }
    for (const auto one : first) {
      for (const auto other : second) keep_pair_apart(one, other);
    }
  }

  void keep_pair_apart(std::uint32_t first, std::uint32_t second) {
    if (groups_.keep_apart(first, second)) accepted_.push_back({first, second, false});
  }

  const Log& log_;
  const Records& records_;
  Groups groups_;
  std::vector<SlotDecision> accepted_;
};

// Remembers who had each name when a renaming removed it: the last slot with that name.
class Bearers {
 public:
  Bearers(const Log& log, const Records& records, Decisions& decisions)
      : log_(log), records_(records), decisions_(decisions), last_(log.values.size()) {}

  void take(EntryIndex index) {
    const Entry& entry = log_.entries[index];
    const Links& links = log_.links[index];
    if (links.slot == kNone || log_.slots[links.slot].type != log_.ontology().people ||
        !records_.of_slots[links.slot].counts) {
      return;
    }
    if (entry.act == Act::mention || entry.act == Act::add) {
      note(links.value, links.slot);
      for (const auto alias : log_.alias_values[index]) note(alias, links.slot);
    } else if (entry.act == Act::rename) {
      // The answer with the renaming names the person too, so the bearer before it is meant.
      const Bearer& bearer = last_[links.value];
      const auto slot = is_of_answer(bearer.slot, links.slot) ? bearer.before : bearer.slot;
      if (slot != kNone && !bearer.are_two) decisions_.join(slot, links.slot);
      note(links.other_value, links.slot);
    }
  }

 private:
  struct Bearer {
    std::uint32_t slot = kNone;
    std::uint32_t before = kNone;  // from an earlier answer than slot
    bool are_two = false;          // one answer has two people with this name
  };

  bool is_of_answer(std::uint32_t slot, std::uint32_t other) const {
    return slot != kNone && log_.slots[slot].delivery == log_.slots[other].delivery;
  }

  void note(std::uint32_t value, std::uint32_t slot) {
    Bearer& bearer = last_[value];
    if (!is_of_answer(bearer.slot, slot)) {
      bearer.before = bearer.slot;
    } else if (bearer.slot != slot) {
      bearer.are_two = true;
    }
    bearer.slot = slot;
  }

  const Log& log_;
  const Records& records_;
  Decisions& decisions_;
  std::vector<Bearer> last_;
};

}  // namespace

std::vector<SlotDecision> find_decisions(const Log& log, const std::vector<Status>& activity,
                                         const Records& records) {
  Decisions decisions(log, records);
  for (auto at = log.order.rbegin(); at != log.order.rend() && !decisions.is_full(); ++at) {
    const Entry& entry = log.entries[*at];
    if (activity[*at] != Status::shown) continue;
    if (entry.act == Act::same || entry.act == Act::different || entry.act == Act::split) {
      decisions.take(entry);
    }
  }
  bool has_renames = false;
  for (EntryIndex i = 0; i < log.entries.size() && !has_renames; ++i) {
    has_renames = log.entries[i].act == Act::rename && activity[i] == Status::shown;
  }
  if (has_renames) {
    Bearers bearers(log, records, decisions);
    for (const auto index : log.order) {
      if (activity[index] == Status::shown) bearers.take(index);
    }
  }
  return std::move(decisions).accepted();
}

}  // namespace fabula::dossier

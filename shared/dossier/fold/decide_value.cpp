#include <algorithm>

#include "shared/dossier/fold/decide.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

// The limit of joined descriptions.
constexpr std::size_t kMaximumJoinedBytes = 8 * 1024;

// A value that a person has chosen.
struct Pick {
  EntryIndex entry = kNoEntry;
  std::optional<EntryValue> value;  // nothing: the person has emptied the field
  bool is_replaced = false;
};

// Entries with the same value, in content order.
struct Group {
  EntryValue value;
  std::vector<EntryIndex> entries;
  bool is_settled = false;  // a person has seen it and chosen
};

class Decision {
 public:
  Decision(Folding& folding, std::uint32_t field, std::span<const Event> events, EntryIndex lock)
      : folding_(folding), log_(folding.log), field_(field), lock_(lock) {
    for (const auto& event : events) take(event);
    mark_replaced();
    mark_settled();
    decided_.shown.field = field;
    decided_.shown.is_locked = lock != kNoEntry;
    for (const auto& pick : picks_) decided_.shown.decided_by.push_back(pick.entry);
  }

  Decided decide() && {
    if (const Pick* pick = winner()) {
      show_pick(*pick);
    } else if (folding_.log.ontology().rule(field_) == FieldRule::joined) {
      show_joined();
    } else if (!groups_.empty()) {
      show_said();
    }
    return std::move(decided_);
  }

 private:
  const Entry& entry(EntryIndex index) const { return log_.entries[index]; }
  bool is_checked() const { return folding_.log.ontology().rule(field_) == FieldRule::checked; }

  void take(const Event& event) {
    const auto index = event.entry;
    switch (entry(index).act) {
      case Act::set:
        picks_.push_back({index, value_of(log_, index, field_)});
        break;
      case Act::add:
        if (const auto value = value_of(log_, index, field_)) picks_.push_back({index, value});
        break;
      case Act::lock:
        if (index == lock_) picks_.push_back({index, value_of(log_, index, field_)});
        break;
      case Act::resolve:
        resolves_.push_back(index);
        take_choice(index);
        break;
      case Act::fact:
      case Act::story:
      case Act::rename:
        if (entry(index).corrects) supersede(kNone);
        add_to_group(index);
        break;
      case Act::retract:
        supersede(entry(index).text.empty() ? kNone : log_.links[index].value);
        break;
      default:
        break;
    }
  }

  void take_choice(EntryIndex index) {
    const auto chosen = log_.find(entry(index).choose);
    if (chosen == kNone || folding_.activity[chosen] != Status::shown) return;
    if (const auto value = value_of(log_, chosen, field_)) picks_.push_back({index, value});
  }

  // Earlier values are superseded: all of them, or only one.
  void supersede(std::uint32_t value) {
    for (auto& group : groups_) {
      if (value != kNone && group.value.value != value) continue;
      note(group, Status::superseded);
      group.entries.clear();
    }
    groups_.erase(std::remove_if(groups_.begin(), groups_.end(),
                                 [](const Group& group) { return group.entries.empty(); }),
                  groups_.end());
  }

  void add_to_group(EntryIndex index) {
    const auto value = value_of(log_, index, field_);
    if (!value) return;
    for (auto group = groups_.begin(); group != groups_.end(); ++group) {
      if (group->value.value != value->value) continue;
      group->entries.push_back(index);
      // Where the latest value counts, repeating a value makes it the latest.
      if (!is_checked()) std::rotate(group, group + 1, groups_.end());
      return;
    }
    groups_.push_back({*value, {index}});
  }

  void mark_replaced() {
    for (const auto& by : picks_) {
      for (const auto reference : entry(by.entry).replaces) {
        const auto replaced = log_.find(reference);
        for (auto& pick : picks_) {
          if (pick.entry == replaced && pick.entry != by.entry) pick.is_replaced = true;
        }
      }
    }
  }

  void mark_settled() {
    for (const auto resolve : resolves_) {
      for (const auto reference : entry(resolve).entries) {
        const auto seen = log_.find(reference);
        const auto value = seen == kNone ? std::nullopt : value_of(log_, seen, field_);
        for (auto& group : groups_) {
          if (value && group.value.value == value->value) group.is_settled = true;
        }
      }
    }
  }

  // The latest pick that no other replaces; if each replaces another, the latest of all.
  const Pick* winner() const {
    const Pick* best = nullptr;
    for (const auto& pick : picks_) {
      const bool is_better = best == nullptr || (best->is_replaced && !pick.is_replaced) ||
                             (best->is_replaced == pick.is_replaced &&
                              log_.ranks[pick.entry] > log_.ranks[best->entry]);
      if (is_better) best = &pick;
    }
    return best;
  }

  void note(const Group& group, Status status) {
    for (const auto index : group.entries) folding_.statuses[index] = status;
  }

  void show(std::string_view text, const std::vector<EntryIndex>& entries) {
    decided_.shown.values.push_back({std::string(text), entries});
  }

  void add_to_clash(QuestionKind kind, const EntryValue& value, EntryIndex index,
                    std::span<const EntryIndex> seen) {
    if (!decided_.clash) {
      decided_.clash.emplace();
      decided_.clash->kind = kind;
      decided_.clash->field = field_;
    }
    decided_.clash->entries.push_back(index);
    decided_.clash->values.emplace_back(value.text);
    decided_.clash->seen.insert(decided_.clash->seen.end(), seen.begin(), seen.end());
  }

  void show_pick(const Pick& pick);
  void challenge(const Pick& pick);
  void show_joined();
  void show_said();

  Folding& folding_;
  const Log& log_;
  std::uint32_t field_;
  EntryIndex lock_;
  std::vector<Pick> picks_;
  std::vector<EntryIndex> resolves_;
  std::vector<Group> groups_;
  Decided decided_;
};

void Decision::show_pick(const Pick& pick) {
  for (const auto& each : picks_) {
    if (each.entry != pick.entry && entry(each.entry).act != Act::add) {
      folding_.statuses[each.entry] = Status::superseded;
    }
  }
  if (pick.value) show(pick.value->text, {pick.entry});
  for (const auto& group : groups_) {
    const bool is_shown = pick.value && group.value.value == pick.value->value;
    note(group, is_shown ? Status::shown : Status::superseded);
    if (is_shown) {
      auto& entries = decided_.shown.values.front().entries;
      entries.insert(entries.end(), group.entries.begin(), group.entries.end());
    }
  }
  if (is_checked()) {
    // Two persons, or two things that became one: neither person has seen what the other wrote.
    for (const auto& other : picks_) {
      const bool clashes = !other.is_replaced && other.entry != pick.entry && other.value &&
                           pick.value && other.value->value != pick.value->value &&
                           entry(other.entry).act != Act::resolve;
      if (!clashes) continue;
      if (!decided_.clash) {
        add_to_clash(QuestionKind::contradiction, *pick.value, pick.entry, {&pick.entry, 1});
      }
      add_to_clash(QuestionKind::contradiction, *other.value, other.entry, {&other.entry, 1});
    }
  }
  if (!decided_.clash && folding_.log.ontology().rule(field_) != FieldRule::joined) challenge(pick);
}

// A different value that was said after the person decided becomes a question.
void Decision::challenge(const Pick& pick) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = groups_[i];
    if (group.is_settled || (!is_checked() && i + 1 < groups_.size())) continue;
    if (pick.value && group.value.value == pick.value->value) continue;
    const auto newer =
        std::find_if(group.entries.begin(), group.entries.end(),
                     [&](EntryIndex index) { return entry(index).at > entry(pick.entry).at; });
    if (newer == group.entries.end()) continue;
    if (!decided_.clash && pick.value) {
      add_to_clash(QuestionKind::challenge, *pick.value, pick.entry, {&pick.entry, 1});
    }
    add_to_clash(QuestionKind::challenge, group.value, *newer, group.entries);
    decided_.clash->is_emptied = !pick.value;
    note(group, Status::conflicting);
  }
}

void Decision::show_joined() {
  struct Kept {
    const Group* group;
    std::string_view text;
    std::vector<EntryIndex> entries;
  };
  // Groups are ordered by when they were last said; a text reads better in the order of their first
  // entries.
  std::vector<const Group*> in_order;
  for (const auto& group : groups_) in_order.push_back(&group);
  std::sort(in_order.begin(), in_order.end(), [this](const Group* a, const Group* b) {
    return log_.ranks[a->entries.front()] < log_.ranks[b->entries.front()];
  });
  std::vector<Kept> kept;
  const auto contains = [this](const Group& whole, const Group& part) {
    return log_.values.at(whole.value.value).find(log_.values.at(part.value.value)) !=
           std::string::npos;
  };
  for (const auto* group : in_order) {
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const Kept& each) {
      return contains(*each.group, *group) || contains(*group, *each.group);
    });
    if (same == kept.end()) {
      kept.push_back({group, group->value.text, group->entries});
      continue;
    }
    if (!contains(*same->group, *group)) {
      same->group = group;
      same->text = group->value.text;
    }
    same->entries.insert(same->entries.end(), group->entries.begin(), group->entries.end());
  }
  if (kept.empty()) return;
  ShownValue value;
  for (const auto& each : kept) {
    if (!value.text.empty() && value.text.size() + 2 + each.text.size() > kMaximumJoinedBytes) {
      for (const auto index : each.entries) folding_.statuses[index] = Status::superseded;
      continue;
    }
    if (!value.text.empty()) {
      const char last = value.text.back();
      value.text += last == '.' || last == '!' || last == '?' ? " " : "; ";
    }
    value.text.append(each.text);
    value.entries.insert(value.entries.end(), each.entries.begin(), each.entries.end());
  }
  decided_.shown.values.push_back(std::move(value));
}

void Decision::show_said() {
  std::size_t shown = groups_.size() - 1;
  if (is_checked()) {
    // Values that a person has accepted precede those that a model has found; then the earliest
    // first.
    const auto is_confirmed = [this](const Group& group) {
      return std::any_of(group.entries.begin(), group.entries.end(),
                         [this](EntryIndex index) { return !entry(index).proposal.empty(); });
    };
    const auto confirmed = std::find_if(groups_.begin(), groups_.end(), is_confirmed);
    shown = confirmed == groups_.end() ? 0 : static_cast<std::size_t>(confirmed - groups_.begin());
    // "It has changed": choose the last value among those that the person saw.
    const bool has_changed = !resolves_.empty() && entry(resolves_.back()).dismiss == "change";
    for (std::size_t i = 0; has_changed && i < groups_.size(); ++i) {
      if (groups_[i].is_settled) shown = i;
    }
  }
  show(groups_[shown].value.text, groups_[shown].entries);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (i != shown) note(groups_[i], Status::superseded);
  }
  if (!is_checked()) return;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (i == shown || groups_[i].is_settled) continue;
    if (!decided_.clash) {
      add_to_clash(QuestionKind::contradiction, groups_[shown].value,
                   groups_[shown].entries.front(), groups_[shown].entries);
    }
    add_to_clash(QuestionKind::contradiction, groups_[i].value, groups_[i].entries.front(),
                 groups_[i].entries);
    note(groups_[i], Status::conflicting);
  }
}

}  // namespace

Decided decide_value(Folding& folding, std::uint32_t field, std::span<const Event> events,
                     EntryIndex lock) {
  return Decision(folding, field, events, lock).decide();
}

}  // namespace fabula::dossier

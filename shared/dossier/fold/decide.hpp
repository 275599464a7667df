// Decides what one field of one thing shows, given everything that was said about it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/events.hpp"

namespace fabula::dossier {

// The input of a fold, and the place where it records the entries' statuses.
struct Folding {
  const Log& log;
  const std::vector<Status>& activity;
  const Records& records;
  const Clusters& clusters;
  std::vector<Status>& statuses;
  // For each cluster the name that is shown, for use in other things' texts.
  std::vector<std::string> names;
};

// The locks of one thing that are in force.
class Locks {
 public:
  Locks(const Log& log, std::span<const Event> events);

  // The lock that holds the field, or kNoEntry.
  EntryIndex of(std::uint32_t field) const;
  // The lock that holds the thing as a whole, or kNoEntry.
  EntryIndex of_all() const { return all_; }

 private:
  struct Held {
    std::uint32_t field;
    EntryIndex lock;  // kNoEntry: unlocked after the whole thing was locked
  };
  EntryIndex all_ = kNoEntry;
  std::vector<Held> fields_;
};

// A question that has arisen; its subject and its text are added later.
struct Clash {
  QuestionKind kind = QuestionKind::contradiction;
  std::uint32_t field = 0;
  bool is_emptied = false;          // challenge: the person has emptied the field
  std::vector<EntryIndex> entries;  // one for each value
  std::vector<std::string> values;
  std::vector<EntryIndex> seen;
};

struct Decided {
  ShownField shown;
  std::optional<Clash> clash;
};

// For fields with one value. `lock` is the result of Locks::of; `name` is one of these fields.
Decided decide_value(Folding& folding, std::uint32_t field, std::span<const Event> events,
                     EntryIndex lock);

// An element of a list that comes from elsewhere than its events: names of mentions, relations.
struct Element {
  std::uint32_t value = kNone;  // kNone: no act of a person and no lock can refer to it
  std::string text;
  std::vector<EntryIndex> entries;
  std::uint32_t place = 0;  // position among the elements of one entry
};
Decided decide_list(Folding& folding, std::uint32_t field, std::span<const Event> events,
                    EntryIndex lock, std::vector<Element> elements);

// The text that an entry has for a field, with its number; nothing if it has none.
struct EntryValue {
  std::string_view text;
  std::uint32_t value = kNone;
};
std::optional<EntryValue> value_of(const Log& log, EntryIndex entry, std::uint32_t field);

}  // namespace fabula::dossier

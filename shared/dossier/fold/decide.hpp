// What one field of one thing shows, of all that has been said about it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/events.hpp"

namespace fabula::dossier {

// What a fold reads, and where it notes what has become of entries.
struct Folding {
  const Log& log;
  const std::vector<Status>& activity;
  const Records& records;
  const Clusters& clusters;
  std::vector<Status>& statuses;
  // By cluster: the name that is shown, so that others can be told by it.
  std::vector<std::string> names;
};

// Which locks of a thing are in force.
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
    EntryIndex lock;  // kNoEntry: unlocked after the whole was locked
  };
  EntryIndex all_ = kNoEntry;
  std::vector<Held> fields_;
};

// A question that has arisen; who and how it is told is added later.
struct Clash {
  QuestionKind kind = QuestionKind::contradiction;
  std::uint32_t field = 0;
  bool is_emptied = false;          // challenge: the person has emptied the field
  std::vector<EntryIndex> entries;  // one of each value
  std::vector<std::string> values;
  std::vector<EntryIndex> seen;
};

struct Decided {
  ShownField shown;
  std::optional<Clash> clash;
};

// `lock` as Locks::of gives it. For fields with one value; `name` is one of them.
Decided decide_value(Folding& folding, std::uint32_t field, std::span<const Event> events,
                     EntryIndex lock);

// Something that a list has besides what its events say: names of mentions, relations.
struct Element {
  std::uint32_t value = kNone;  // kNone: no act of a person or a lock can be about it
  std::string text;
  std::vector<EntryIndex> entries;
  std::uint32_t place = 0;  // among those of one entry
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

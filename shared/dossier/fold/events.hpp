// Everything that is said about each thing, grouped by thing and field.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shared/dossier/fold/clusters.hpp"

namespace fabula::dossier {

struct Event {
  std::uint32_t field = kNone;  // kNone: the thing as a whole (locks, retractions)
  EntryIndex entry = kNoEntry;
  std::uint32_t part = kNone;  // index among the entry's fields, if it has several
};

// Events of the clusters in their order, then of the story: by field, each in content order.
class Events {
 public:
  Events(const Log& log, const std::vector<Status>& activity, const Records& records,
         const Clusters& clusters);

  std::span<const Event> of(std::size_t thing) const {
    return std::span(events_).subspan(starts_[thing], starts_[thing + 1] - starts_[thing]);
  }
  // Whether the entry is about an existing thing.
  bool is_about_something(EntryIndex entry) const { return is_about_something_[entry]; }

 private:
  std::vector<Event> events_;
  std::vector<std::uint32_t> starts_;
  std::vector<bool> is_about_something_;
};

// The events of one field among the events of a thing.
std::span<const Event> events_of_field(std::span<const Event> events, std::uint32_t field);

}  // namespace fabula::dossier

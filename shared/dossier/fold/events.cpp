#include "shared/dossier/fold/events.hpp"

#include <algorithm>

#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

struct EventOfThing {
  std::uint32_t thing;
  Event event;
};

class Collector {
 public:
  Collector(const Log& log, const Records& records, const Clusters& clusters)
      : log_(log), records_(records), clusters_(clusters) {}

  void take(EntryIndex index) {
    const Entry& entry = log_.entries[index];
    const Links& links = log_.links[index];
    switch (entry.act) {
      case Act::fact:
        if (log_.ontology().has_field(entry.type, links.field))
          add(thing_of(links.slot), links.field, index);
        break;
      case Act::relation:
      case Act::rename:
        add(thing_of(links.slot), links.field, index);
        break;
      case Act::story:
        if (log_.ontology().has_field(entry.type, links.field)) add(subject(), links.field, index);
        break;
      case Act::retract:
        if (log_.ontology().is_entity(entry.type)) add(thing_of(links.slot), links.field, index);
        if (log_.ontology().kind(entry.type) == TypeKind::subject)
          add(subject(), links.field, index);
        break;
      case Act::add:
        if (!log_.ontology().is_entity(entry.type)) break;
        add(thing_of(links.slot), field::kName, index);
        add_parts(thing_of(links.slot), index);
        break;
      case Act::set:
      case Act::list:
      case Act::resolve:
        if (links.field != kNone) add(target_of(index), links.field, index);
        break;
      case Act::lock:
        add_parts(target_of(index), index);
        add(target_of(index), kNone, index);
        break;
      case Act::unlock:
        add(target_of(index), kNone, index);
        break;
      default:
        break;
    }
  }

  std::vector<EventOfThing> found;

 private:
  std::uint32_t subject() const { return static_cast<std::uint32_t>(clusters_.all.size()); }
  std::uint32_t thing_of(std::uint32_t slot) const {
    return slot == kNone ? kNone : clusters_.of_slots[slot];
  }
  std::uint32_t target_of(EntryIndex index) const {
    if (log_.entries[index].target == kSubject) return subject();
    return thing_of(records_.targets[index]);
  }
  void add(std::uint32_t thing, std::uint32_t field, EntryIndex index, std::uint32_t part = kNone) {
    if (thing != kNone) found.push_back({thing, {field, index, part}});
  }
  void add_parts(std::uint32_t thing, EntryIndex index) {
    const auto& parts = log_.parts[index];
    for (std::uint32_t part = 0; part < parts.size(); ++part) {
      if (parts[part].field != field::kName || log_.entries[index].act == Act::lock) {
        add(thing, parts[part].field, index, part);
      }
    }
  }

  const Log& log_;
  const Records& records_;
  const Clusters& clusters_;
};

}  // namespace

Events::Events(const Log& log, const std::vector<Status>& activity, const Records& records,
               const Clusters& clusters)
    : is_about_something_(log.entries.size()) {
  Collector collector(log, records, clusters);
  for (const auto index : log.order) {
    if (activity[index] == Status::shown) collector.take(index);
  }
  const auto things = clusters.all.size() + 1;
  starts_.assign(things + 1, 0);
  for (const auto& each : collector.found) ++starts_[each.thing + 1];
  for (std::size_t i = 0; i < things; ++i) starts_[i + 1] += starts_[i];
  events_.resize(collector.found.size());
  std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
  for (const auto& each : collector.found) {
    events_[next[each.thing]++] = each.event;
    is_about_something_[each.event.entry] = true;
  }
  for (std::size_t thing = 0; thing < things; ++thing) {
    std::sort(events_.data() + starts_[thing], events_.data() + starts_[thing + 1],
              [&](const Event& a, const Event& b) {
                if (a.field != b.field) return a.field < b.field;
                if (a.entry != b.entry) return log.ranks[a.entry] < log.ranks[b.entry];
                return a.part < b.part;
              });
  }
}

std::span<const Event> events_of_field(std::span<const Event> events, std::uint32_t field) {
  const auto first = std::lower_bound(
      events.begin(), events.end(), field,
      [](const Event& event, std::uint32_t wanted) { return event.field < wanted; });
  auto end = first;
  while (end != events.end() && end->field == field) ++end;
  return events.subspan(static_cast<std::size_t>(first - events.begin()),
                        static_cast<std::size_t>(end - first));
}

}  // namespace fabula::dossier

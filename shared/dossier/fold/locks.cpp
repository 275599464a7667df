#include <algorithm>

#include "shared/dossier/fold/decide.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {

// The last act about a field counts, and an act about the whole applies to each field.
Locks::Locks(const Log& log, std::span<const Event> events) {
  for (const auto& event : events) {
    if (event.field != kNone) continue;
    const bool is_lock = log.entries[event.entry].act == Act::lock;
    if (!is_lock && log.entries[event.entry].act != Act::unlock) continue;
    const auto field = log.links[event.entry].field;
    const EntryIndex lock = is_lock ? event.entry : kNoEntry;
    if (field == kNone) {
      all_ = lock;
      fields_.clear();
      continue;
    }
    const auto known = std::find_if(fields_.begin(), fields_.end(),
                                    [field](const Held& held) { return held.field == field; });
    if (known == fields_.end()) {
      fields_.push_back({field, lock});
    } else {
      known->lock = lock;
    }
  }
}

EntryIndex Locks::of(std::uint32_t field) const {
  for (const auto& held : fields_) {
    if (held.field == field) return held.lock;
  }
  return all_;
}

std::optional<EntryValue> value_of(const Log& log, EntryIndex index, std::uint32_t field) {
  const Entry& entry = log.entries[index];
  const Links& links = log.links[index];
  const auto& parts = log.parts[index];
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].field != field || entry.fields[i].is_list) continue;
    if (entry.fields[i].values.front().empty()) return std::nullopt;
    return EntryValue{entry.fields[i].values.front(), parts[i].values.front()};
  }
  switch (entry.act) {
    case Act::fact:
    case Act::story:
    case Act::set:
      if (links.field != field || entry.text.empty()) return std::nullopt;
      return EntryValue{entry.text, links.value};
    case Act::rename:
      if (field != field::kName) return std::nullopt;
      return EntryValue{entry.other, links.other_value};
    case Act::mention:
    case Act::add:
      if (field != field::kName) return std::nullopt;
      return EntryValue{entry.text, links.value};
    default:
      return std::nullopt;
  }
}

}  // namespace fabula::dossier

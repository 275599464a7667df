#include "shared/dossier/log/log.hpp"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

constexpr char kBetween = '\x1F';

std::string slot_name(const Ontology& ontology, const Entry& entry, std::string_view ref) {
  std::string name(entry.delivery);
  name += kBetween;
  name += ontology.facts(entry.type).name;
  name += kBetween;
  name += ref;
  return name;
}

// Rows whose message has been deleted still name it in their delivery.
std::string_view message_of(const Entry& entry) {
  if (!entry.message_id.empty() || entry.kind != EntryKind::extracted) return entry.message_id;
  return std::string_view(entry.delivery).substr(0, entry.delivery.find(':'));
}

}  // namespace

Log::Log(const Ontology& ontology) : ontology_(&ontology) {
  for (const auto& field : ontology.fields) fields.intern(field.name);
}

bool Log::comes_before(EntryIndex first, EntryIndex second) const {
  const auto key = [this](EntryIndex index) {
    const Entry& entry = entries[index];
    return std::tie(entry.at, entry.source.begin, entry.source.end, entry.place, entry.id);
  };
  return key(first) < key(second);
}

std::uint32_t Log::slot(std::string_view name, const Entry& entry) {
  const auto number = slot_names.intern(name);
  if (number == slots.size()) {
    const auto& delivery = entry.act == Act::add ? entry.operation : entry.delivery;
    slots.push_back({entry.type, deliveries.intern(delivery), {}});
  }
  return number;
}

std::uint32_t Log::value(std::uint32_t field, std::string_view text) {
  return values.intern(comparable(*ontology_, field, text));
}

std::uint32_t Log::item_value(std::string_view text) {
  return values.intern(comparable_item(text));
}

void Log::link(EntryIndex index) {
  const Entry& entry = entries[index];
  Links& link = links[index];
  link.message = messages.intern(message_of(entry));
  if (!entry.proposal.empty()) link.proposal = proposals.intern(entry.proposal);
  if (!entry.field.empty()) link.field = fields.intern(entry.field);
  const bool is_thing = ontology_->is_entity(entry.type);

  switch (entry.act) {
    case Act::mention:
    case Act::add:
      if (!is_thing) {
        link.value = item_value(entry.text);
        break;
      }
      link.slot = slot(
          entry.act == Act::add ? digest_text(entry.id) : slot_name(*ontology_, entry, entry.ref),
          entry);
      link.value = value(field::kName, entry.text);
      for (const auto& alias : entry.aliases) {
        alias_values[index].push_back(value(field::kName, alias));
      }
      break;
    case Act::fact:
      link.slot = slot(slot_name(*ontology_, entry, entry.ref), entry);
      link.value = value(link.field, entry.text);
      break;
    case Act::relation:
      link.slot = slot(slot_name(*ontology_, entry, entry.ref), entry);
      link.field = ontology_->relations;
      link.value = value(ontology_->relations, entry.relation);
      if (!entry.other.empty())
        link.other_slot = slot(slot_name(*ontology_, entry, entry.other), entry);
      link.other_value = value(field::kName, entry.to_name);
      break;
    case Act::rename:
      link.slot = slot(slot_name(*ontology_, entry, entry.ref), entry);
      link.field = field::kName;
      link.value = value(field::kName, entry.text);
      link.other_value = value(field::kName, entry.other);
      break;
    case Act::retract:
      if (is_thing) link.slot = slot(slot_name(*ontology_, entry, entry.ref), entry);
      link.value =
          ontology_->is_item(entry.type) ? item_value(entry.text) : value(link.field, entry.text);
      break;
    case Act::item:
    case Act::remove:
      link.value = item_value(entry.text);
      break;
    case Act::story:
    case Act::set:
    case Act::list:
      link.value = value(link.field, entry.text);
      break;
    default:
      break;
  }
  if (entry.corrects && !entry.corrects->value.empty()) {
    const auto& corrected = entry.corrects->value;
    link.corrected = entry.act == Act::item ? item_value(corrected) : value(link.field, corrected);
  }
  for (const auto& part : entry.fields) {
    auto& linked = parts[index].emplace_back();
    linked.field = fields.intern(part.field);
    for (const auto& text : part.values) linked.values.push_back(value(linked.field, text));
  }
  if (link.slot != kNone && (entry.act == Act::mention || entry.act == Act::add)) {
    auto& mentions = slots[link.slot].mentions;
    const auto place =
        std::lower_bound(mentions.begin(), mentions.end(), index,
                         [this](EntryIndex a, EntryIndex b) { return comes_before(a, b); });
    mentions.insert(place, index);
  }
}

void Log::put_in_order(std::size_t first_new) {
  const auto before = [this](EntryIndex a, EntryIndex b) { return comes_before(a, b); };
  std::vector<EntryIndex> added;
  for (std::size_t i = first_new; i < entries.size(); ++i) {
    added.push_back(static_cast<EntryIndex>(i));
  }
  std::sort(added.begin(), added.end(), before);
  std::vector<EntryIndex> merged(entries.size());
  std::merge(order.begin(), order.end(), added.begin(), added.end(), merged.begin(), before);
  order.swap(merged);
  ranks.resize(entries.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) ranks[order[i]] = i;
}

std::size_t Log::add(std::vector<Entry> added) {
  const std::size_t first_new = entries.size();
  if (entries.size() + added.size() > entries.capacity()) {
    entries.reserve(std::bit_ceil(entries.size() + added.size()));
  }
  for (auto& entry : added) {
    if (entries.size() >= kMaximumEntries) break;
    const auto reference = entry.reference();
    if (reference <= kSubject || find(reference) != kNone) continue;
    by_reference_.set(reference, static_cast<std::uint32_t>(entries.size()));
    entries.push_back(std::move(entry));
  }
  const std::size_t count = entries.size() - first_new;
  if (count == 0) return 0;
  links.resize(entries.size());
  parts.resize(entries.size());
  alias_values.resize(entries.size());
  for (std::size_t i = first_new; i < entries.size(); ++i) link(static_cast<EntryIndex>(i));
  put_in_order(first_new);
  return count;
}

}  // namespace fabula::dossier

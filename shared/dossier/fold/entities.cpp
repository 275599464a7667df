#include "shared/dossier/fold/entities.hpp"

#include <algorithm>
#include <utility>

#include "shared/dossier/fold/ask.hpp"
#include "shared/dossier/fold/snapshot_writer.hpp"
#include "shared/dossier/identity/shown_name.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

// The name of a cluster whose mentions nobody has renamed: for people the most frequent, for places
// and objects the first.
std::string first_name(const Folding& folding, const Cluster& cluster) {
  const Log& log = folding.log;
  const auto first = folding.records.of_slots[cluster.slots.front()].mention;
  if (cluster.type != log.ontology().people) return log.entries[first].text;
  std::vector<std::string_view> names;
  bool has_several = false;
  for (const auto slot : cluster.slots) {
    const auto mention = folding.records.of_slots[slot].mention;
    names.push_back(log.entries[mention].text);
    has_several = has_several || names.back() != names.front();
  }
  if (!has_several) return log.entries[first].text;
  const auto shown = shown_names(names);
  return std::string(shown.empty() ? names.front() : shown.front());
}

}  // namespace

ThingBuilder::ThingBuilder(Folding& folding, const Events& events, FirstNames& first_names)
    : folding_(folding),
      events_(events),
      is_there_(find_those_there()),
      owners_(folding.log, folding.activity, folding.clusters, is_there_) {
  const auto& clusters = folding.clusters.all;
  folding.names.resize(clusters.size());
  FirstNames next;
  next.reserve(clusters.size());
  for (std::uint32_t i = 0; i < clusters.size(); ++i) {
    const auto name_events = events_of_field(events.of(i), field::kName);
    if (!name_events.empty()) {
      const Locks locks(folding.log, events.of(i));
      const auto decided = decide_value(folding, field::kName, name_events, locks.of(field::kName));
      if (!decided.shown.values.empty()) folding.names[i] = decided.shown.values.front().text;
      if (!folding.names[i].empty() && clusters[i].type == folding.log.ontology().people) {
        owners_.note(folding.log.values.find(
                         comparable(folding.log.ontology(), field::kName, folding.names[i])),
                     i);
      }
    }
    if (!folding.names[i].empty()) continue;
    std::uint64_t key = mixed(0, static_cast<std::uint64_t>(clusters[i].type));
    for (const auto slot : clusters[i].slots) {
      key = mixed(key, folding.records.of_slots[slot].mention);
    }
    auto known = first_names.extract(key);
    if (known.empty()) {
      folding.names[i] = first_name(folding, clusters[i]);
      next.emplace(key, folding.names[i]);
    } else {
      folding.names[i] = known.mapped();
      next.insert(std::move(known));
    }
  }
  first_names = std::move(next);
}

std::vector<bool> ThingBuilder::find_those_there() const {
  std::vector<bool> is_there(folding_.clusters.all.size());
  for (std::uint32_t i = 0; i < is_there.size(); ++i) is_there[i] = decide_is_there(i);
  return is_there;
}

Reference ThingBuilder::shown_id_of(std::uint32_t cluster) const {
  return cluster != kNone && is_there_[cluster] ? id_of(cluster) : 0;
}

bool ThingBuilder::decide_is_there(std::uint32_t cluster) const {
  const auto& slots = folding_.clusters.all[cluster].slots;
  bool is_removed = false;
  for (const auto slot : slots) {
    const Record& record = folding_.records.of_slots[slot];
    if (record.edited_at != kNever && !record.is_removed()) return true;
    is_removed = is_removed || record.is_removed();
  }
  if (is_removed) return false;
  // "There is no dog after all": retracted, unless a later answer mentions it again.
  const Log& log = folding_.log;
  EntryIndex retraction = kNoEntry;
  for (const auto& event : events_of_field(events_.of(cluster), kNone)) {
    if (log.entries[event.entry].act == Act::retract) retraction = event.entry;
  }
  if (retraction == kNoEntry) return true;
  return std::any_of(slots.begin(), slots.end(), [&](std::uint32_t slot) {
    if (slot == log.links[retraction].slot) return false;
    const auto& mentions = log.slots[slot].mentions;
    return std::any_of(mentions.begin(), mentions.end(), [&](EntryIndex mention) {
      return folding_.activity[mention] == Status::shown &&
             log.ranks[mention] > log.ranks[retraction];
    });
  });
}

std::vector<EntryIndex> ThingBuilder::mentions_of(std::uint32_t cluster) const {
  std::vector<EntryIndex> mentions;
  for (const auto slot : folding_.clusters.all[cluster].slots) {
    bool has_one = false;
    for (const auto mention : folding_.log.slots[slot].mentions) {
      if (folding_.activity[mention] != Status::shown) continue;
      mentions.push_back(mention);
      has_one = true;
    }
    if (!has_one) mentions.push_back(folding_.records.of_slots[slot].mention);
  }
  std::sort(mentions.begin(), mentions.end(), [this](EntryIndex a, EntryIndex b) {
    return folding_.log.ranks[a] < folding_.log.ranks[b];
  });
  return mentions;
}

Reference ThingBuilder::id_of(std::uint32_t cluster) const {
  const auto slot = folding_.clusters.all[cluster].slots.front();
  return folding_.log.entries[folding_.records.of_slots[slot].mention].reference();
}

std::uint64_t ThingBuilder::fingerprint(std::uint32_t cluster) const {
  const Log& log = folding_.log;
  std::uint64_t hash = mixed(1, cluster < folding_.clusters.all.size() ? 1 : 2);
  if (cluster < folding_.clusters.all.size()) {
    for (const auto slot : folding_.clusters.all[cluster].slots) {
      hash = mixed(hash, folding_.records.of_slots[slot].mention);
      for (const auto mention : log.slots[slot].mentions) {
        if (folding_.activity[mention] == Status::shown) hash = mixed(hash, mention + 1);
      }
    }
    hash = mixed(hash, hash_text(folding_.names[cluster]));
  }
  for (const auto& event : events_.of(cluster)) {
    hash = mixed(hash, (std::uint64_t{event.field} << 32U) | event.entry);
    const Entry& entry = log.entries[event.entry];
    if (entry.act == Act::relation) {
      const auto other = other_cluster(folding_, owners_, event.entry);
      hash = mixed(hash, other == kNone     ? 0
                         : other == cluster ? 1
                                            : hash_text(folding_.names[other]) | 2U);
      hash = mixed(hash, shown_id_of(other));
    } else if (event.field == log.ontology().relations && cluster < folding_.clusters.all.size()) {
      hash = mixed(hash, fingerprint_of_texts(event, cluster));
    }
    if (entry.act == Act::resolve && entry.choose != 0) {
      const auto chosen = log.find(entry.choose);
      hash = mixed(hash,
                   chosen == kNone ? 0 : 1 + static_cast<std::uint64_t>(folding_.activity[chosen]));
    }
  }
  return hash;
}

// Changes when one of an entry's texts in the list of relations refers to another person.
std::uint64_t ThingBuilder::fingerprint_of_texts(const Event& event, std::uint32_t cluster) const {
  const Entry& entry = folding_.log.entries[event.entry];
  std::uint64_t hash = 0;
  const auto mix = [&](std::string_view text) {
    const auto told = tell_relation(folding_, owners_, cluster, text);
    hash = mixed(mixed(hash, hash_text(told.name)), shown_id_of(told.other));
  };
  if (event.part == kNone) {
    mix(entry.text);
  } else {
    for (const auto& text : entry.fields[event.part].values) mix(text);
  }
  return hash;
}

void ThingBuilder::add_relations(std::uint32_t cluster, Entity& entity) const {
  const auto* list = entity.find(folding_.log.ontology().relations);
  if (list == nullptr) return;
  for (auto& told : tell_relations(folding_, owners_, cluster, list->values)) {
    entity.relations.push_back(
        {std::move(told.relation), std::move(told.name), shown_id_of(told.other)});
  }
}

// All names except the one that is shown.
std::vector<Element> ThingBuilder::find_aliases(const Entity& entity,
                                                std::span<const Event> name_events) const {
  const Log& log = folding_.log;
  const auto shown =
      log.values.find(comparable(folding_.log.ontology(), field::kName, entity.name));
  std::vector<Element> aliases;
  std::vector<std::uint32_t> known{shown};
  const auto add = [&](std::uint32_t value, const std::string& text, EntryIndex entry) {
    const auto same = std::find(known.begin(), known.end(), value);
    if (same == known.begin() || says_nothing(text)) return;
    if (same != known.end()) {
      auto& entries = aliases[static_cast<std::size_t>(same - known.begin()) - 1].entries;
      if (entries.back() != entry) entries.push_back(entry);
      return;
    }
    known.push_back(value);
    aliases.push_back({value, text, {entry}, static_cast<std::uint32_t>(aliases.size())});
  };
  for (const auto mention : entity.mentions) {
    const Entry& entry = log.entries[mention];
    add(log.links[mention].value, entry.text, mention);
    // A thing that exists only because a person has written about it has only its name.
    if (folding_.activity[mention] != Status::shown) continue;
    for (std::size_t i = 0; i < entry.aliases.size(); ++i) {
      add(log.alias_values[mention][i], entry.aliases[i], mention);
    }
  }
  for (const auto& event : name_events) {
    const Entry& entry = log.entries[event.entry];
    if (entry.act != Act::rename) continue;
    add(log.links[event.entry].value, entry.text, event.entry);
    add(log.links[event.entry].other_value, entry.other, event.entry);
  }
  return aliases;
}

Decided ThingBuilder::decide(std::uint32_t field, std::span<const Event> events,
                             std::uint32_t cluster, const Entity& entity, EntryIndex lock) {
  if (field == field::kAliases) {
    const auto names = events_of_field(events_.of(cluster), field::kName);
    auto decided = decide_list(folding_, field, events, lock, find_aliases(entity, names));
    const auto shown = comparable(folding_.log.ontology(), field::kName, entity.name);
    auto& values = decided.shown.values;
    values.erase(std::remove_if(values.begin(), values.end(),
                                [&](const ShownValue& value) {
                                  return comparable(folding_.log.ontology(), field::kName,
                                                    value.text) == shown;
                                }),
                 values.end());
    return decided;
  }
  if (field == folding_.log.ontology().relations && cluster < folding_.clusters.all.size()) {
    const bool needs_values = std::any_of(events.begin(), events.end(), [&](const Event& event) {
      return folding_.log.entries[event.entry].kind == EntryKind::user;
    });
    auto relations = find_relations(folding_, owners_, cluster, events, needs_values);
    std::vector<Event> of_persons;
    for (const auto& event : events) {
      if (folding_.log.entries[event.entry].kind == EntryKind::user) of_persons.push_back(event);
    }
    return decide_list(folding_, field, of_persons, lock, std::move(relations));
  }
  if (folding_.log.ontology().rule(field) == FieldRule::list)
    return decide_list(folding_, field, events, lock, {});
  return decide_value(folding_, field, events, lock);
}

void ThingBuilder::build_fields(std::span<const Event> events, std::uint32_t cluster,
                                BuiltThing& built) {
  Entity& entity = built.entity;
  const Locks locks(folding_.log, events);
  entity.is_locked = locks.of_all() != kNoEntry;
  bool has_aliases = folding_.log.ontology().kind(entity.type) == TypeKind::subject;
  for (std::size_t at = 0; at < events.size() || !has_aliases;) {
    // Aliases come from mentions, so they exist without any event.
    const bool is_past_aliases = at >= events.size() || events[at].field > field::kAliases;
    const auto field = !has_aliases && is_past_aliases ? field::kAliases : events[at].field;
    const auto of_field = events_of_field(events, field);
    at += of_field.size();
    has_aliases = has_aliases || field == field::kAliases;
    if (field == kNone) continue;
    auto decided = decide(field, of_field, cluster, entity, locks.of(field));
    if (field == field::kName && decided.shown.values.empty()) {
      decided.shown.values.push_back({entity.name, {entity.mentions.front()}});
    }
    if (decided.clash) {
      built.questions.push_back(
          ask(folding_.log, std::move(*decided.clash), entity.id,
              folding_.log.ontology().kind(entity.type) == TypeKind::subject ? "" : entity.name));
    }
    entity.fields.push_back(std::move(decided.shown));
  }
  const bool has_name = !entity.fields.empty() && entity.fields.front().field == field::kName;
  if (folding_.log.ontology().kind(entity.type) != TypeKind::subject && !has_name) {
    ShownField name;
    name.is_locked = locks.of(field::kName) != kNoEntry;
    name.values.push_back({entity.name, {entity.mentions.front()}});
    entity.fields.insert(entity.fields.begin(), std::move(name));
  }
  const Log& log = folding_.log;
  const auto known_fields = log.ontology().fields.size();
  std::sort(entity.fields.begin(), entity.fields.end(),
            [&](const ShownField& a, const ShownField& b) {
              if (a.field < known_fields || b.field < known_fields) return a.field < b.field;
              return log.fields.at(a.field) < log.fields.at(b.field);
            });
}

BuiltThing ThingBuilder::build(std::uint32_t cluster) {
  BuiltThing built;
  built.entity.type = folding_.clusters.all[cluster].type;
  built.entity.mentions = mentions_of(cluster);
  built.entity.id = id_of(cluster);
  built.entity.name = folding_.names[cluster];
  built.entity.name_value = folding_.log.values.find(
      comparable(folding_.log.ontology(), field::kName, built.entity.name));
  build_fields(events_.of(cluster), cluster, built);
  if (built.entity.type == folding_.log.ontology().people) add_relations(cluster, built.entity);
  append_entity(built.entity.json, folding_.log, built.entity);
  return built;
}

BuiltThing ThingBuilder::build_subject() {
  BuiltThing built;
  built.entity.type = folding_.log.ontology().subject;
  built.entity.id = kSubject;
  const auto subject = static_cast<std::uint32_t>(folding_.clusters.all.size());
  build_fields(events_.of(subject), subject, built);
  return built;
}

}  // namespace fabula::dossier

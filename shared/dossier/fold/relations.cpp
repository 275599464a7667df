#include "shared/dossier/fold/relations.hpp"

#include <algorithm>

#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

struct Relation {
  std::uint32_t relation;  // the number of the relation's word
  std::uint32_t other;     // the other's cluster; kNone: only the name is known
  std::uint32_t name;      // the number of the name in the text
  std::string text;
  std::vector<EntryIndex> entries;
};

bool leads_to_the_same(const Relation& a, const Relation& b) {
  return a.other == b.other && (a.other != kNone || a.name == b.name);
}

}  // namespace

NameOwners::NameOwners(const Log& log, const std::vector<Status>& activity,
                       const Clusters& clusters, const std::vector<bool>& is_there)
    : is_there_(is_there), owners_(log.values.size(), kNone) {
  for (std::uint32_t cluster = 0; cluster < clusters.all.size(); ++cluster) {
    if (clusters.all[cluster].type != log.ontology().people) continue;
    for (const auto slot : clusters.all[cluster].slots) {
      for (const auto mention : log.slots[slot].mentions) {
        if (activity[mention] != Status::shown) continue;
        note(log.links[mention].value, cluster);
        for (const auto alias : log.alias_values[mention]) note(alias, cluster);
      }
    }
  }
}

void NameOwners::note(std::uint32_t value, std::uint32_t cluster) {
  if (value >= owners_.size()) return;
  auto& owner = owners_[value];
  if (owner == kNone || owner == cluster) {
    owner = cluster;
  } else if (is_there_[cluster]) {
    owner = owner == kSeveral || is_there_[owner] ? kSeveral : cluster;
  }
}

std::uint32_t other_cluster(const Folding& folding, const NameOwners& owners, EntryIndex relation) {
  const Links& links = folding.log.links[relation];
  if (links.other_slot != kNone) {
    const auto cluster = folding.clusters.of_slots[links.other_slot];
    if (cluster != kNone) return cluster;
  }
  return owners.of(links.other_value);
}

std::vector<Element> find_relations(Folding& folding, const NameOwners& owners,
                                    std::uint32_t cluster, std::span<const Event> events,
                                    bool needs_values) {
  const Log& log = folding.log;
  std::vector<Relation> relations;
  const auto take_out = [&](auto is) {
    for (auto& each : relations) {
      if (!is(each)) continue;
      for (const auto entry : each.entries) folding.statuses[entry] = Status::superseded;
      each.entries.clear();
    }
    relations.erase(std::remove_if(relations.begin(), relations.end(),
                                   [](const Relation& each) { return each.entries.empty(); }),
                    relations.end());
  };
  for (const auto& event : events) {
    const Entry& entry = log.entries[event.entry];
    const Links& links = log.links[event.entry];
    if (entry.act == Act::retract) {
      take_out([&](const Relation& each) {
        const auto value = links.value;
        return entry.text.empty() || value == each.relation || value == each.name ||
               comparable(log.ontology(), log.ontology().relations, each.text) ==
                   log.values.at(value);
      });
    }
    if (entry.act != Act::relation) continue;
    Relation relation{links.value,
                      other_cluster(folding, owners, event.entry),
                      links.other_value,
                      entry.relation + ": ",
                      {event.entry}};
    if (relation.other == cluster || (relation.other == kNone && entry.to_name.empty())) {
      folding.statuses[event.entry] = Status::idle;
      continue;
    }
    relation.text += relation.other == kNone ? entry.to_name : folding.names[relation.other];
    if (entry.corrects) {
      take_out([&](const Relation& each) { return leads_to_the_same(each, relation); });
    }
    const auto known = std::find_if(relations.begin(), relations.end(), [&](const Relation& each) {
      return each.relation == relation.relation && leads_to_the_same(each, relation);
    });
    if (known == relations.end()) {
      relations.push_back(std::move(relation));
    } else {
      known->entries.push_back(event.entry);
    }
  }
  std::vector<Element> elements;
  for (auto& each : relations) {
    // Two people with one name have the same text.
    const auto same = std::find_if(elements.begin(), elements.end(), [&](const Element& element) {
      return element.text == each.text;
    });
    if (same != elements.end()) {
      same->entries.insert(same->entries.end(), each.entries.begin(), each.entries.end());
      continue;
    }
    const auto value =
        needs_values
            ? log.values.find(comparable(log.ontology(), log.ontology().relations, each.text))
            : kNone;
    elements.push_back({value, std::move(each.text), std::move(each.entries), 0});
  }
  return elements;
}

ToldRelation tell_relation(const Folding& folding, const NameOwners& owners, std::uint32_t cluster,
                           std::string_view text) {
  ToldRelation told;
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    told.name = clean_text(text.substr(colon + 1), kMaximumTextBytes);
  }
  if (told.name.empty()) {
    told.relation = text;
    return told;
  }
  told.relation = clean_text(text.substr(0, colon), kMaximumTextBytes);
  const auto& ontology = folding.log.ontology();
  const auto other =
      owners.of(folding.log.values.find(comparable(ontology, field::kName, told.name)));
  if (other != kNone && other != cluster) {
    told.other = other;
    told.name = folding.names[other];
  }
  return told;
}

std::vector<ToldRelation> tell_relations(const Folding& folding, const NameOwners& owners,
                                         std::uint32_t cluster,
                                         const std::vector<ShownValue>& values) {
  std::vector<ToldRelation> relations;
  for (const auto& value : values) {
    const auto first = relations.size();
    for (const auto index : value.entries) {
      const Entry& entry = folding.log.entries[index];
      if (entry.act != Act::relation) continue;
      const auto other = other_cluster(folding, owners, index);
      const bool is_known =
          std::any_of(relations.begin() + static_cast<std::ptrdiff_t>(first), relations.end(),
                      [&](const ToldRelation& each) { return each.other == other; });
      if (is_known || other == cluster) continue;
      relations.push_back(
          {entry.relation, other == kNone ? entry.to_name : folding.names[other], other});
    }
    if (relations.size() == first) {
      relations.push_back(tell_relation(folding, owners, cluster, value.text));
    }
  }
  return relations;
}

}  // namespace fabula::dossier

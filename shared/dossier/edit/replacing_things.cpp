#include <algorithm>
#include <utility>

#include "shared/dossier/edit/replacing.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {

using json::Document;
// Matches by id, then by name, then by alias; each thing once.
FieldError Replacing::match() {
  std::vector<Reference> claimed;
  const auto claim = [&](std::size_t i, const Entity* entity) {
    if (entity == nullptr ||
        std::find(claimed.begin(), claimed.end(), entity->id) != claimed.end()) {
      return;
    }
    claimed.push_back(entity->id);
    handles_[i] = entity->id;
  };
  for (std::size_t i = 0; i < wanted_.things.size(); ++i) {
    const auto& thing = wanted_.things[i];
    if (!thing.id.empty()) claim(i, find_entity(preview(), thing.id, thing.type));
  }
  for (const bool by_alias : {false, true}) {
    for (std::size_t i = 0; i < wanted_.things.size(); ++i) {
      const auto& thing = wanted_.things[i];
      if (handles_[i] != 0 || thing.name.empty()) continue;
      const auto name = comparable(story::kOntology, field::kName, thing.name);
      for (const auto& entity : state().entities(thing.type)) {
        const auto* aliases = entity.find(field::kAliases);
        const bool is_it =
            by_alias ? aliases && std::any_of(aliases->values.begin(), aliases->values.end(),
                                              [&](const ShownValue& alias) {
                                                return comparable(story::kOntology, field::kName,
                                                                  alias.text) == name;
                                              })
                     : comparable(story::kOntology, field::kName, entity.name) == name;
        if (is_it) claim(i, &entity);
        if (handles_[i] != 0) break;
      }
    }
  }
  for (std::size_t i = 0; i < wanted_.things.size(); ++i) {
    const auto& thing = wanted_.things[i];
    if (handles_[i] == 0 && thing.name.empty()) {
      return {std::string(story::name(thing.type)) + "s: id " + thing.id,
              "is not there any more: send a name to add it, or leave it out"};
    }
  }
  return {};
}

void Replacing::remove_left_out() {
  if (!is_whole_) return;
  std::vector<Members> removed;
  for (const Type type : {story::kCharacter, story::kLocation, story::kObject}) {
    for (const auto& entity : state().entities(type)) {
      if (std::find(handles_.begin(), handles_.end(), entity.id) != handles_.end()) continue;
      removed.push_back({{"target", reference_text(entity.id)},
                         {"type", story::name(type)},
                         {"mentions", references(preview(), entity.mentions, kMaximumReferences)}});
    }
  }
  for (auto& members : removed) draft_.add(Act::remove, std::move(members));
}

void Replacing::add_new() {
  for (std::size_t i = 0; i < wanted_.things.size() && !draft_.has_failed(); ++i) {
    const auto& thing = wanted_.things[i];
    if (handles_[i] != 0) continue;
    Members fields;
    Document::array_t aliases;
    for (const auto& field : thing.fields) {
      if (field.values.empty()) continue;
      Document::array_t list(field.values.begin(), field.values.end());
      if (field.field == "aliases") {
        for (const auto& alias : field.values) {
          if (alias.size() <= kMaximumEntryNameBytes) aliases.emplace_back(alias);
        }
      } else {
        fields[field.field] = field.is_list ? Document(list) : Document(field.values.front());
      }
    }
    draft_.add(Act::add, {{"type", story::name(thing.type)},
                          {"name", thing.name},
                          {"aliases", std::move(aliases)},
                          {"fields", std::move(fields)}});
    if (draft_.has_failed()) return;
    const auto& entries = preview().entries();
    handles_[i] = entries.back().reference();
    identities_.note({static_cast<EntryIndex>(entries.size() - 1)});
  }
}

}  // namespace fabula::dossier

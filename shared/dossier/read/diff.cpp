#include "shared/dossier/read/diff.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "shared/dossier/log/story.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

Document::array_t list_at(const Document& object, std::string_view key) {
  const auto* member = json::find(object, key);
  const auto* list = member ? member->get_ptr<const Document::array_t*>() : nullptr;
  return list ? *list : Document::array_t();
}

bool is_empty(const Document* value) {
  if (value == nullptr || value->is_null()) return true;
  const auto* text = value->get_ptr<const std::string*>();
  return (text && text->empty()) || (value->is_array() && value->empty());
}

// The elements of the first list that are not in the second.
Document::array_t missing(const Document::array_t& from, const Document::array_t& in) {
  std::vector<std::string> known;
  for (const auto& each : in) known.push_back(json::dump(each));
  std::sort(known.begin(), known.end());
  Document::array_t found;
  for (const auto& each : from) {
    if (!std::binary_search(known.begin(), known.end(), json::dump(each))) found.push_back(each);
  }
  return found;
}

Document difference_of_lists(const Document::array_t& from, const Document::array_t& to) {
  return Document::object_t{{"added", missing(to, from)}, {"removed", missing(from, to)}};
}

// [{"field", "from", "to"} or {"field", "added", "removed"}]
Document::array_t difference_of_members(const Document& from, const Document& to,
                                        const std::vector<std::string>& keys) {
  Document::array_t fields;
  for (const auto& key : keys) {
    const auto* old_value = json::find(from, key);
    const auto* new_value = json::find(to, key);
    if ((is_empty(old_value) && is_empty(new_value)) ||
        (old_value && new_value && *old_value == *new_value)) {
      continue;
    }
    if ((old_value && old_value->is_array()) || (new_value && new_value->is_array())) {
      auto changed = difference_of_lists(list_at(from, key), list_at(to, key));
      if (changed["added"].empty() && changed["removed"].empty()) continue;
      changed["field"] = key;
      fields.push_back(std::move(changed));
    } else {
      fields.push_back(Document::object_t{{"field", key},
                                          {"from", is_empty(old_value) ? Document() : *old_value},
                                          {"to", is_empty(new_value) ? Document() : *new_value}});
    }
  }
  return fields;
}

std::vector<std::string> keys_of(const Document& from, const Document& to) {
  std::vector<std::string> keys;
  for (const auto* object : {&from, &to}) {
    for (const auto& [key, value] : *object->get_ptr<const Document::object_t*>()) {
      // Relations as objects repeat `relationships`.
      if (key != "id" && key != story::kOntology.relation_objects) keys.push_back(key);
    }
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

Document short_form(const Document& entity) {
  return Document::object_t{{"id", json::string_at(entity, "id").value_or("")},
                            {"name", json::string_at(entity, "name").value_or("")}};
}

Document difference_of_entities(const Document::array_t& from, const Document::array_t& to) {
  std::map<std::string, const Document*, std::less<>> by_id;
  std::map<std::string, const Document*, std::less<>> by_name;
  for (const auto& each : from) {
    if (!each.is_object()) continue;
    if (const auto id = json::string_at(each, "id")) by_id.emplace(*id, &each);
    if (const auto name = json::string_at(each, "name")) by_name.emplace(*name, &each);
  }
  std::vector<const Document*> partners(to.size(), nullptr);
  std::vector<const Document*> taken;
  const auto take = [&](std::size_t i, const auto& known, std::string_view key) {
    if (partners[i] || !to[i].is_object()) return;
    const auto value = json::string_at(to[i], key);
    const auto found = value ? known.find(*value) : known.end();
    if (found == known.end() ||
        std::find(taken.begin(), taken.end(), found->second) != taken.end()) {
      return;
    }
    partners[i] = found->second;
    taken.push_back(found->second);
  };
  for (std::size_t i = 0; i < to.size(); ++i) take(i, by_id, "id");
  for (std::size_t i = 0; i < to.size(); ++i) take(i, by_name, "name");

  Document::array_t added;
  Document::array_t removed;
  Document::array_t changed;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!to[i].is_object()) continue;
    if (!partners[i]) {
      added.push_back(short_form(to[i]));
      continue;
    }
    auto fields = difference_of_members(*partners[i], to[i], keys_of(*partners[i], to[i]));
    if (fields.empty()) continue;
    auto entity = short_form(to[i]);
    entity["fields"] = std::move(fields);
    changed.push_back(std::move(entity));
  }
  for (const auto& each : from) {
    const bool is_taken = std::find(taken.begin(), taken.end(), &each) != taken.end();
    if (each.is_object() && !is_taken) removed.push_back(short_form(each));
  }
  return Document::object_t{{"added", std::move(added)},
                            {"changed", std::move(changed)},
                            {"removed", std::move(removed)}};
}

// Questions are compared by id; the difference shows their text.
Document::array_t texts_of(const Document::array_t& questions) {
  Document::array_t texts;
  for (const auto& each : questions) {
    const auto text = json::string_at(each, "text");
    texts.push_back(text ? Document(*text) : each);
  }
  return texts;
}

}  // namespace

std::string diff_json(const Document& from, const Document& to) {
  Document::object_t difference;
  for (const auto* key : {"characters", "locations", "objects"}) {
    difference[key] = difference_of_entities(list_at(from, key), list_at(to, key));
  }
  for (const auto* key : {"themes", "plot_points"}) {
    difference[key] = difference_of_lists(list_at(from, key), list_at(to, key));
  }
  difference["open_questions"] = difference_of_lists(texts_of(list_at(from, "open_questions")),
                                                     texts_of(list_at(to, "open_questions")));
  difference["story"] = difference_of_members(from, to, {"title", "logline", "genre", "tone"});
  return json::dump(difference);
}

}  // namespace fabula::dossier

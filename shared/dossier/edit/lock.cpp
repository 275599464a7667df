#include <algorithm>
#include <utility>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

struct Target {
  Type type = Type::none;
  bool is_locked = false;  // the whole thing is locked
  std::vector<ShownField> fields;
  Members about;
};

Result<Target> find_target(Dossier& dossier, std::string_view id, std::string_view field) {
  Target target;
  if (id == "story") {
    target.type = story::kStory;
    target.fields = dossier.state().subject;
    target.about = about_story();
    target.is_locked = !target.fields.empty() &&
                       std::all_of(target.fields.begin(), target.fields.end(),
                                   [](const ShownField& each) { return each.is_locked; });
  } else {
    const auto* entity = find_entity(dossier, id);
    if (entity == nullptr) return no_such_thing();
    target.type = entity->type;
    target.is_locked = entity->is_locked;
    target.fields = entity->fields;
    target.about = about(dossier, *entity);
  }
  const auto index = story::kOntology.field_named(field);
  if (!field.empty() &&
      (!is_field_name(field) || (index && !story::kOntology.has_field(target.type, *index)))) {
    return problem(ErrorCode::invalid_request,
                   "field must be the name of a field that the dossier shows, or left out.");
  }
  return target;
}

bool is_locked(const Dossier& dossier, const Target& target, std::string_view field) {
  if (field.empty()) return target.is_locked;
  for (const auto& each : target.fields) {
    if (dossier.field_name(each.field) == field) return each.is_locked;
  }
  return target.is_locked;
}

}  // namespace

Rows lock(Dossier& dossier, std::string_view id, std::string_view field,
          const EditContext& context) {
  auto target = find_target(dossier, id, field);
  if (!target) return tl::unexpected<Problem>(target.error());
  if (is_locked(dossier, *target, field)) return std::vector<EntryRow>();
  // The person locks what they see, so the lock includes the values.
  Members fields;
  std::vector<EntryIndex> replaced;
  for (const auto& each : target->fields) {
    const auto name = dossier.field_name(each.field);
    if (!field.empty() && name != field) continue;
    replaced.insert(replaced.end(), each.decided_by.begin(), each.decided_by.end());
    if (each.is_list) {
      Document::array_t list;
      for (const auto& value : each.values) {
        if (list.size() < kMaximumListItems) list.emplace_back(value.text);
      }
      fields[std::string(name)] = std::move(list);
    } else if (!each.values.empty()) {
      fields[std::string(name)] = each.values.front().text;
    }
  }
  auto members = std::move(target->about);
  if (!field.empty()) members["field"] = field;
  members["fields"] = std::move(fields);
  members["replaces"] = references(dossier, replaced, kMaximumReferences / 4);
  Draft draft(dossier, context);
  draft.add(Act::lock, std::move(members));
  return std::move(draft).rows();
}

Rows unlock(Dossier& dossier, std::string_view id, std::string_view field,
            const EditContext& context) {
  auto target = find_target(dossier, id, field);
  if (!target) return tl::unexpected<Problem>(target.error());
  const bool has_locks = field.empty()
                             ? std::any_of(target->fields.begin(), target->fields.end(),
                                           [](const ShownField& each) { return each.is_locked; }) ||
                                   target->is_locked
                             : is_locked(dossier, *target, field);
  if (!has_locks) return std::vector<EntryRow>();
  auto members = std::move(target->about);
  if (!field.empty()) members["field"] = field;
  Draft draft(dossier, context);
  draft.add(Act::unlock, std::move(members));
  return std::move(draft).rows();
}

}  // namespace fabula::dossier

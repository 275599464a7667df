#include <algorithm>
#include <utility>

#include "shared/dossier/edit/replacing.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

constexpr std::size_t kMaximumReplaced = 200;

bool has(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

void Replacing::set(std::string_view field, const ShownField* shown, Document value,
                    const Members& about) {
  auto members = about;
  members["field"] = field;
  members["value"] = std::move(value);
  members["replaces"] = references(preview(), shown ? shown->decided_by : std::vector<EntryIndex>(),
                                   kMaximumReplaced);
  draft_.add(Act::set, std::move(members));
}

void Replacing::change_list(const ShownField* shown, const WantedField& wanted,
                            const Members& about) {
  const auto index = preview().field_named(wanted.field);
  const auto act = [&](const std::string& value, bool is, const std::vector<EntryIndex>& entries) {
    auto members = about;
    members["field"] = wanted.field;
    members["value"] = value;
    members["is"] = is;
    if (!is) members["entries"] = references(preview(), entries, kMaximumReplaced);
    draft_.add(Act::list, std::move(members));
  };
  std::vector<std::string> wanted_values;
  for (const auto& value : wanted.values)
    wanted_values.push_back(comparable(story::kOntology, index, value));
  std::vector<std::string> shown_texts;
  const std::vector<ShownValue> shown_values = shown ? shown->values : std::vector<ShownValue>();
  for (const auto& value : shown_values) {
    shown_texts.push_back(value.text);
    if (is_whole_ && !has(wanted_values, comparable(story::kOntology, index, value.text))) {
      act(value.text, false, value.entries);
    }
  }
  for (const auto& value : wanted.values) {
    if (!has(shown_texts, value)) act(value, true, {});
  }
}

void Replacing::change_fields(const std::vector<ShownField>& fields,
                              const std::vector<WantedField>& wanted, const Members& about) {
  const std::vector<ShownField> shown = fields;  // the preview moves below
  const auto shown_field = [&](std::string_view name) {
    const auto at = std::find_if(shown.begin(), shown.end(), [&](const ShownField& field) {
      return preview().field_name(field.field) == name;
    });
    return at == shown.end() ? nullptr : &*at;
  };
  for (const auto& field : wanted) {
    const auto* now = shown_field(field.field);
    if (field.is_list) {
      change_list(now, field, about);
      continue;
    }
    const std::string_view text =
        now && !now->values.empty() ? std::string_view(now->values.front().text) : "";
    const std::string_view value = field.values.empty() ? std::string_view() : field.values.front();
    if (text == value) continue;
    set(field.field, now, value.empty() ? Document() : Document(value), about);
  }
  if (!is_whole_) return;
  for (const auto& field : shown) {
    const auto name = preview().field_name(field.field);
    const bool is_wanted = field.field == field::kName ||
                           std::any_of(wanted.begin(), wanted.end(),
                                       [&](const WantedField& each) { return each.field == name; });
    if (is_wanted || field.values.empty()) continue;
    if (field.is_list) {
      change_list(&field, {std::string(name), true, {}}, about);
    } else {
      set(name, &field, Document(), about);
    }
  }
}

void Replacing::change_things() {
  for (std::size_t i = 0; i < wanted_.things.size() && !draft_.has_failed(); ++i) {
    const auto* found = preview().entity(handles_[i]);
    if (found == nullptr) continue;
    const Entity entity = *found;
    const auto target = about(preview(), entity);
    auto fields = wanted_.things[i].fields;
    const auto& name = wanted_.things[i].name;
    if (!name.empty() && name != entity.name) set("name", entity.find(field::kName), name, target);
    for (auto& field : fields) {
      if (field.field != "aliases") continue;
      const auto own =
          comparable(story::kOntology, field::kName, name.empty() ? entity.name : name);
      field.values.erase(std::remove_if(field.values.begin(), field.values.end(),
                                        [&](const std::string& alias) {
                                          return comparable(story::kOntology, field::kName,
                                                            alias) == own;
                                        }),
                         field.values.end());
    }
    // The old name becomes an alias once the thing has a new one, so the aliases are examined
    // again.
    const auto count = draft_.row_count();
    change_fields(entity.fields, fields, target);
    if (draft_.row_count() > count || (!name.empty() && name != entity.name))
      identities_.keep(draft_);
  }
}

void Replacing::change_items() {
  for (const Type type : {story::kTheme, story::kPlotPoint}) {
    if (!wanted_.has_type[static_cast<std::size_t>(type)]) {
      if (!is_whole_) continue;
    }
    const auto shown =
        type == story::kTheme ? state().items(story::kTheme) : state().items(story::kPlotPoint);
    std::vector<std::string> wanted_keys;
    for (const auto& [wanted_type, text] : wanted_.items) {
      if (wanted_type == type) wanted_keys.push_back(comparable_item(text));
    }
    std::vector<std::string> shown_texts;
    for (const auto& item : shown) {
      shown_texts.push_back(item.text);
      if (!is_whole_ || has(wanted_keys, comparable_item(item.text))) continue;
      draft_.add(
          Act::remove,
          {{"target", reference_text(item.id)}, {"type", story::name(type)}, {"text", item.text}});
    }
    std::vector<std::string> added;
    for (const auto& [wanted_type, text] : wanted_.items) {
      if (wanted_type != type || has(shown_texts, text)) continue;
      const auto key = comparable_item(text);
      if (has(added, key)) continue;
      added.push_back(key);
      draft_.add(Act::add, {{"type", story::name(type)}, {"text", text}});
    }
  }
}

void Replacing::change_questions() {
  if (!wanted_.has_type[static_cast<std::size_t>(story::kOpenQuestion)]) return;
  const auto shown = state().questions;
  for (const auto& question : shown) {
    const auto id = reference_text(question.id);
    const bool is_wanted = std::any_of(wanted_.questions.begin(), wanted_.questions.end(),
                                       [&](const WantedQuestion& wanted) {
                                         return wanted.id == id || wanted.text == question.text;
                                       });
    if (!is_whole_ || is_wanted) continue;
    auto rows = resolve(preview(), id, {}, draft_.context());
    if (rows) draft_.take(std::move(*rows));
  }
  for (const auto& wanted : wanted_.questions) {
    const bool is_there = std::any_of(shown.begin(), shown.end(), [&](const Question& question) {
      return wanted.id == reference_text(question.id) || wanted.text == question.text;
    });
    if (is_there || !wanted.is_asked) continue;
    draft_.add(Act::add, {{"type", "open_question"}, {"text", wanted.text}});
  }
}

}  // namespace fabula::dossier

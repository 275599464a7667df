#include <algorithm>
#include <utility>

#include "shared/dossier/draft.hpp"
#include "shared/dossier/edit.hpp"
#include "shared/dossier/field.hpp"
#include "shared/dossier/log.hpp"
#include "shared/dossier/snapshot.hpp"
#include "shared/dossier/tables.hpp"
#include "shared/dossier/wanted.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

// An edit may change who is who (a new name), which changes what is shown, and so on: after so many
// rounds what is left is left.
constexpr int kMaximumPasses = 4;
constexpr std::size_t kMaximumReplaced = 200;

bool has(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

class Replacing {
 public:
  Replacing(const Dossier& dossier, Wanted wanted, bool is_whole, const EditContext& context)
      : draft_(dossier, context),
        wanted_(std::move(wanted)),
        is_whole_(is_whole),
        handles_(wanted_.things.size(), 0) {}

  Rows make() && {
    note_identities();
    if (const auto fault = match(); !fault.path.empty()) {
      Problem wrong(ErrorCode::invalid_request, "The dossier has no such thing: see errors.", "");
      wrong.errors.push_back(fault);
      return tl::unexpected<Problem>(std::move(wrong));
    }
    remove_left_out();
    add_new();
    for (int pass = 0; pass < kMaximumPasses; ++pass) {
      const auto count = draft_.row_count();
      keep_identities();
      draft_.next_pass();
      change_things();
      change_items();
      if (pass == 0) change_questions();
      change_fields(draft_.preview().state().story, wanted_.story, about_story());
      if (draft_.has_failed() || (draft_.row_count() == count && pass > 0)) break;
    }
    return std::move(draft_).rows();
  }

 private:
  Dossier& preview() { return draft_.preview(); }
  const State& state() { return preview().state(); }

  // Who is who before the edit: it shall be so after it.
  void note_identities() {
    for (const Type type : {Type::character, Type::location, Type::object}) {
      for (const auto& entity : state().entities(type)) note_identity(entity.mentions);
    }
  }
  void note_identity(const std::vector<EntryIndex>& mentions) {
    for (const auto mention : mentions) {
      identities_of_.set(preview().entries()[mention].reference(),
                         static_cast<std::uint32_t>(identities_.size()));
    }
    identities_.push_back(mentions);
  }

  FieldError match();
  void remove_left_out();
  void add_new();
  void keep_identities();
  void change_things();
  void change_fields(const std::vector<ShownField>& shown, const std::vector<WantedField>& wanted,
                     const Members& about);
  void change_list(const ShownField* shown, const WantedField& wanted, const Members& about);
  void set(std::string_view field, const ShownField* shown, Document value, const Members& about);
  void change_items();
  void change_questions();

  Draft draft_;
  Wanted wanted_;
  bool is_whole_;
  std::vector<Reference> handles_;  // of each wanted thing: a mention of the one that it is
  std::vector<std::vector<EntryIndex>> identities_;
  NumberTable identities_of_;  // by a mention's reference
};

// By id, then by name, then by alias; each thing once.
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
      const auto name = comparable(field::kName, thing.name);
      for (const auto& entity : state().entities(thing.type)) {
        const auto* aliases = entity.find(field::kAliases);
        const bool is_it =
            by_alias ? aliases && std::any_of(aliases->values.begin(), aliases->values.end(),
                                              [&](const ShownValue& alias) {
                                                return comparable(field::kName, alias.text) == name;
                                              })
                     : comparable(field::kName, entity.name) == name;
        if (is_it) claim(i, &entity);
        if (handles_[i] != 0) break;
      }
    }
  }
  for (std::size_t i = 0; i < wanted_.things.size(); ++i) {
    const auto& thing = wanted_.things[i];
    if (handles_[i] == 0 && thing.name.empty()) {
      return {std::string(name(thing.type)) + "s: id " + thing.id,
              "is not there any more: send a name to add it, or leave it out"};
    }
  }
  return {};
}

void Replacing::remove_left_out() {
  if (!is_whole_) return;
  std::vector<Members> removed;
  for (const Type type : {Type::character, Type::location, Type::object}) {
    for (const auto& entity : state().entities(type)) {
      if (std::find(handles_.begin(), handles_.end(), entity.id) != handles_.end()) continue;
      removed.push_back({{"target", reference_text(entity.id)},
                         {"type", name(type)},
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
    draft_.add(Act::add, {{"type", name(thing.type)},
                          {"name", thing.name},
                          {"aliases", std::move(aliases)},
                          {"fields", std::move(fields)}});
    if (draft_.has_failed()) return;
    const auto& entries = preview().entries();
    handles_[i] = entries.back().reference();
    note_identity({static_cast<EntryIndex>(entries.size() - 1)});
  }
}

// What was several things and has become one by the edit is said to be several; what was one and
// has fallen apart, one.
void Replacing::keep_identities() {
  std::vector<Members> apart;
  std::vector<std::vector<Reference>> places(identities_.size());
  for (const Type type : {Type::character, Type::location, Type::object}) {
    for (const auto& entity : state().entities(type)) {
      std::vector<std::uint32_t> met;
      for (const auto mention : entity.mentions) {
        const auto identity = identities_of_.find(preview().entries()[mention].reference());
        if (identity != kNone && std::find(met.begin(), met.end(), identity) == met.end()) {
          met.push_back(identity);
          places[identity].push_back(entity.id);
        }
      }
      if (met.size() < 2) continue;
      Document::array_t parts;
      for (const auto identity : met) {
        parts.push_back(references(preview(), identities_[identity], kMaximumListItems));
      }
      if (parts.size() > kMaximumListItems) parts.resize(kMaximumListItems);
      apart.push_back({{"parts", std::move(parts)}});
    }
  }
  for (auto& members : apart) draft_.add(Act::different, std::move(members));
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i].size() < 2) continue;
    Document::array_t parts;
    for (const auto mention : identities_[i]) {
      if (parts.size() < kMaximumListItems) parts.push_back(references(preview(), {mention}, 1));
    }
    draft_.add(Act::same, {{"parts", std::move(parts)}});
  }
}

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
  for (const auto& value : wanted.values) wanted_values.push_back(comparable(index, value));
  std::vector<std::string> shown_texts;
  const std::vector<ShownValue> shown_values = shown ? shown->values : std::vector<ShownValue>();
  for (const auto& value : shown_values) {
    shown_texts.push_back(value.text);
    if (is_whole_ && !has(wanted_values, comparable(index, value.text))) {
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
      const auto own = comparable(field::kName, name.empty() ? entity.name : name);
      field.values.erase(std::remove_if(field.values.begin(), field.values.end(),
                                        [&](const std::string& alias) {
                                          return comparable(field::kName, alias) == own;
                                        }),
                         field.values.end());
    }
    // The name that it had is an alias as soon as it has another: it is looked at again then.
    change_fields(entity.fields, fields, target);
  }
}

void Replacing::change_items() {
  for (const Type type : {Type::theme, Type::plot_point}) {
    if (!wanted_.has_type[static_cast<std::size_t>(type)]) {
      if (!is_whole_) continue;
    }
    const auto shown = type == Type::theme ? state().themes : state().plot_points;
    std::vector<std::string> wanted_keys;
    for (const auto& [wanted_type, text] : wanted_.items) {
      if (wanted_type == type) wanted_keys.push_back(comparable(field::kTraits, text));
    }
    std::vector<std::string> shown_texts;
    for (const auto& item : shown) {
      shown_texts.push_back(item.text);
      if (!is_whole_ || has(wanted_keys, comparable(field::kTraits, item.text))) continue;
      draft_.add(Act::remove,
                 {{"target", reference_text(item.id)}, {"type", name(type)}, {"text", item.text}});
    }
    std::vector<std::string> added;
    for (const auto& [wanted_type, text] : wanted_.items) {
      if (wanted_type != type || has(shown_texts, text)) continue;
      const auto key = comparable(field::kTraits, text);
      if (has(added, key)) continue;
      added.push_back(key);
      draft_.add(Act::add, {{"type", name(type)}, {"text", text}});
    }
  }
}

void Replacing::change_questions() {
  if (!wanted_.has_type[static_cast<std::size_t>(Type::open_question)]) return;
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

}  // namespace

Rows replace(Dossier& dossier, const Document& snapshot, const EditContext& context) {
  auto wanted = parse_wanted(snapshot);
  if (!wanted) return tl::unexpected<Problem>(wanted.error());
  return Replacing(dossier, std::move(*wanted), true, context).make();
}

Rows merge(Dossier& dossier, const Document& changes, const EditContext& context) {
  auto wanted = parse_wanted(changes);
  if (!wanted) return tl::unexpected<Problem>(wanted.error());
  return Replacing(dossier, std::move(*wanted), false, context).make();
}

Rows restore(Dossier& dossier, Dossier& old, const EditContext& context) {
  const auto snapshot = json::parse(snapshot_json(old));
  if (!snapshot) return tl::unexpected<Problem>(snapshot.error());
  return replace(dossier, *snapshot, context);
}

}  // namespace fabula::dossier

#include "shared/dossier/edit/wanted.hpp"

#include <array>

#include "shared/dossier/log/field.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

struct ListOfSnapshot {
  std::string_view key;
  Type type;
};
constexpr std::array<ListOfSnapshot, 6> kLists{{{"characters", story::kCharacter},
                                                {"themes", story::kTheme},
                                                {"locations", story::kLocation},
                                                {"plot_points", story::kPlotPoint},
                                                {"objects", story::kObject},
                                                {"open_questions", story::kOpenQuestion}}};
constexpr std::size_t kMaximumErrors = 8;

class WantedReader {
 public:
  void read(const Document& snapshot) {
    if (!snapshot.is_object()) return fault("", "must be an object");
    for (const auto& list : kLists) read_list(snapshot, list);
    for (auto index = story::kTitle; index <= story::kTone; ++index) {
      const auto key = story::kFields[index].name;
      if (const auto* value = json::find(snapshot, key)) {
        WantedField field{std::string(key), false, {}};
        if (read_value(*value, std::string(key), field) && !field.is_list) {
          wanted.story.push_back(std::move(field));
        } else if (field.is_list) {
          fault(std::string(key), "must be text");
        }
      }
    }
  }

  Wanted wanted;
  std::vector<FieldError> errors;

 private:
  void fault(const std::string& path, std::string_view message) {
    if (errors.size() < kMaximumErrors) errors.push_back({path, std::string(message)});
  }

  void read_list(const Document& snapshot, const ListOfSnapshot& list) {
    const auto* value = json::find(snapshot, list.key);
    if (value == nullptr) return;
    const auto* items = value->get_ptr<const Document::array_t*>();
    if (items == nullptr) return fault(std::string(list.key), "must be a list");
    if (items->size() > kMaximumWantedThings) {
      return fault(std::string(list.key), "may have 5,000 entries");
    }
    wanted.has_type[static_cast<std::size_t>(list.type)] = true;
    for (std::size_t i = 0; i < items->size(); ++i) {
      const auto path =
          std::string(list.key) + '[' + text::integer_text(static_cast<std::int64_t>(i)) + ']';
      if (story::kOntology.is_entity(list.type)) {
        read_thing(list.type, (*items)[i], path);
      } else {
        read_item(list.type, (*items)[i], path);
      }
    }
  }

  // Reads and cleans a text of at most `maximum_bytes`; a longer one is a fault, as people's words
  // are never cut.
  bool read_text(const Document& value, const std::string& path, std::size_t maximum_bytes,
                 std::string& out) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr) {
      fault(path, "must be text");
      return false;
    }
    out = clean_text(*text, text->size());
    if (out.size() <= maximum_bytes) return true;
    fault(path, "may have " + text::integer_text(static_cast<std::int64_t>(maximum_bytes)) +
                    " bytes of text");
    return false;
  }

  bool read_value(const Document& value, const std::string& path, WantedField& field) {
    if (value.is_null()) return true;
    if (const auto* items = value.get_ptr<const Document::array_t*>()) {
      field.is_list = true;
      if (items->size() > kMaximumListItems) {
        fault(path, "may have 256 entries");
        return false;
      }
      for (const auto& item : *items) {
        std::string text;
        if (!read_text(item, path, kMaximumTextBytes, text)) return false;
        if (!text.empty()) field.values.push_back(std::move(text));
      }
      return true;
    }
    std::string text;
    if (value.is_boolean() || value.is_number_integer()) {
      text = json::dump(value);
    } else if (!read_text(value, path, kMaximumTextBytes, text)) {
      return false;
    }
    if (!text.empty()) field.values.push_back(std::move(text));
    return true;
  }

  void read_thing(Type type, const Document& value, const std::string& path) {
    WantedThing thing;
    thing.type = type;
    if (value.is_string()) {
      if (!read_text(value, path, kMaximumEntryNameBytes, thing.name)) return;
      if (!thing.name.empty()) wanted.things.push_back(std::move(thing));
      return;
    }
    const auto* members = value.get_ptr<const Document::object_t*>();
    if (members == nullptr) return fault(path, "must be an object with a name, or a name");
    for (const auto& [key, member] : *members) {
      const auto member_path = path + '.' + key;
      if (key == "id") {
        if (!member.is_null()) read_text(member, member_path, kMaximumEntryNameBytes, thing.id);
      } else if (key == "name") {
        if (!read_text(member, member_path, kMaximumEntryNameBytes, thing.name)) return;
        if (thing.name.empty()) return fault(member_path, "must not be empty");
      } else if (key != "locked" &&
                 !(type == story::kCharacter && key == story::kOntology.relation_objects)) {
        read_field(type, key, member, member_path, thing);
      }
    }
    if (thing.name.empty() && thing.id.empty()) return fault(path, "needs a name");
    wanted.things.push_back(std::move(thing));
  }

  void read_field(Type type, const std::string& key, const Document& value, const std::string& path,
                  WantedThing& thing) {
    const auto index = story::kOntology.field_named(key);
    if (!is_field_name(key) || (index && !story::kOntology.has_field(type, *index))) {
      return fault(path, "is no name for a field: use a to z, 0 to 9 and _");
    }
    WantedField field{key, false, {}};
    if (!read_value(value, path, field)) return;
    const bool wants_list = index && story::kOntology.rule(*index) == FieldRule::list;
    if (value.is_null()) field.is_list = wants_list;
    if (field.is_list != wants_list) {
      // A list of one counts as a text, and a text as a list of one.
      if (!wants_list && field.values.size() > 1) return fault(path, "must be text");
      field.is_list = wants_list;
    }
    thing.fields.push_back(std::move(field));
  }

  void read_item(Type type, const Document& value, const std::string& path) {
    WantedQuestion question;
    const Document* text = &value;
    if (value.is_object()) {
      for (const auto* key : {"text", "description", "name"}) {
        text = json::find(value, key);
        if (text != nullptr) break;
      }
      question.id = json::string_at(value, "id").value_or("");
      question.is_asked = json::string_at(value, "kind").value_or("asked") == "asked";
    }
    if (text == nullptr || !text->is_string()) return fault(path, "must be text");
    if (!read_text(*text, path, kMaximumTextBytes, question.text)) return;
    if (question.text.empty()) return;
    if (type == story::kOpenQuestion) {
      wanted.questions.push_back(std::move(question));
    } else {
      wanted.items.emplace_back(type, std::move(question.text));
    }
  }
};

}  // namespace

Result<Wanted> parse_wanted(const Document& snapshot) {
  WantedReader reader;
  reader.read(snapshot);
  if (!reader.errors.empty()) {
    Problem wrong(ErrorCode::invalid_request,
                  "The dossier cannot be taken as it was sent: see errors.", "");
    wrong.errors = std::move(reader.errors);
    return tl::unexpected<Problem>(std::move(wrong));
  }
  return std::move(reader.wanted);
}

}  // namespace fabula::dossier

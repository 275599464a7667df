#include "shared/dossier/extract/extraction.hpp"

#include <algorithm>
#include <utility>

#include "shared/dossier/extract/delivery_draft.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/folding.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

class Reading : public DeliveryDraft {
 public:
  using DeliveryDraft::DeliveryDraft;

  void read(const Document& answer) {
    each(answer, "characters", [this](const Document& item) { mention_character(item); });
    each(answer, "locations", [this](const Document& item) { read_thing(story::kLocation, item); });
    each(answer, "objects", [this](const Document& item) { read_thing(story::kObject, item); });
    for (const auto& [place, item] : characters_) read_character(place, *item);
    each(answer, "themes", [this](const Document& item) { read_item(story::kTheme, item); });
    each(answer, "plot_points",
         [this](const Document& item) { read_item(story::kPlotPoint, item); });
    each(answer, "open_questions",
         [this](const Document& item) { read_item(story::kOpenQuestion, item); });
    each(answer, "story", [this](const Document& item) { read_story(item); });
    each(answer, "renames", [this](const Document& item) { read_rename(item); });
    each(answer, "retractions", [this](const Document& item) { read_retraction(item); });
  }

 private:
  // A character without its own quote may use the quote of a fact.
  std::optional<QuoteInText> any_quote(const Document& item) const {
    if (auto quote = quote_at(item)) return quote;
    for (const auto* key : {"fields", "relationships"}) {
      const auto* list = json::find(item, key);
      const auto* items = list ? list->get_ptr<const Document::array_t*>() : nullptr;
      if (items == nullptr) continue;
      const auto end = items->begin() +
                       static_cast<std::ptrdiff_t>(std::min(items->size(), kMaximumAnswerItems));
      for (auto each = items->begin(); each != end; ++each) {
        if (auto quote = quote_at(*each)) return quote;
      }
    }
    return std::nullopt;
  }

  void mention_character(const Document& item) {
    const auto name = text_at(item, "name", kMaximumEntryNameBytes);
    if (name.empty()) return void(++extraction.without_value);
    const auto quote = any_quote(item);
    if (!quote) {
      // The second of two people with one name stays the second, because one answer may be read for
      // several texts, as one delivery.
      next_ref(story::kCharacter, fold(name));
      return void(++extraction.without_quote);
    }
    characters_.emplace_back(add_thing(story::kCharacter, name, aliases_at(item, name), *quote),
                             &item);
  }

  void read_character(std::size_t place, const Document& character) {
    each(character, "fields", [&](const Document& item) {
      const auto field = text_at(item, "field", kMaximumFieldNameBytes);
      const auto value = text_at(item, "value", kMaximumTextBytes);
      const auto index = story::kOntology.field_named(field);
      const bool is_known = index && *index > field::kAliases &&
                            story::kOntology.has_field(story::kCharacter, *index) &&
                            *index != story::kRelationships;
      if (!is_known || value.empty()) return void(++extraction.without_value);
      const auto quote = quote_at(item);
      if (!quote) return void(++extraction.without_quote);
      add_fact(things()[place], field, value, *quote, item);
    });
    each(character, "relationships", [&](const Document& item) {
      const auto relation = text_at(item, "relation", kMaximumEntryNameBytes);
      const auto to = text_at(item, "to", kMaximumEntryNameBytes);
      if (relation.empty() || to.empty()) return void(++extraction.without_value);
      const auto quote = quote_at(item);
      if (!quote) return void(++extraction.without_quote);
      Document::object_t members{
          {"from_ref", things()[place].ref}, {"relation", relation}, {"to_name", to}};
      if (const auto* other = thing_named(story::kCharacter, to)) members["to_ref"] = other->ref;
      add_correction(members, item);
      add(Act::relation, *quote, std::move(members));
    });
  }

  void read_thing(Type type, const Document& item);
  void read_item(Type type, const Document& item);
  void read_story(const Document& item);
  void read_rename(const Document& item);
  void read_retraction(const Document& item);

  std::vector<std::pair<std::size_t, const Document*>> characters_;  // index in things()
};

void Reading::read_thing(Type type, const Document& item) {
  const auto name = text_at(item, "name", kMaximumEntryNameBytes);
  if (name.empty()) return void(++extraction.without_value);
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  const auto place = add_thing(type, name, aliases_at(item, name), *quote);
  const auto description = text_at(item, "description", kMaximumTextBytes);
  if (!description.empty()) add_fact(things()[place], "description", description, *quote, item);
}

void Reading::read_item(Type type, const Document& item) {
  const auto text = text_at(item, "text", kMaximumTextBytes);
  if (text.empty()) return void(++extraction.without_value);
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  Document::object_t members{{"type", story::name(type)}, {"text", text}};
  add_correction(members, item, text_at(item, "instead_of", kMaximumTextBytes));
  add(Act::item, *quote, std::move(members));
}

void Reading::read_story(const Document& item) {
  const auto field = text_at(item, "field", kMaximumFieldNameBytes);
  const auto value = text_at(item, "value", kMaximumTextBytes);
  const auto index = story::kOntology.field_named(field);
  if (!index || !story::kOntology.has_field(story::kStory, *index) || value.empty()) {
    return void(++extraction.without_value);
  }
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  Document::object_t members{{"field", field}, {"value", value}};
  add_correction(members, item);
  add(Act::story, *quote, std::move(members));
}

void Reading::read_rename(const Document& item) {
  const auto from = text_at(item, "from", kMaximumEntryNameBytes);
  const auto to = text_at(item, "to", kMaximumEntryNameBytes);
  if (from.empty() || to.empty() || fold(from) == fold(to)) {
    return void(++extraction.without_value);
  }
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  const auto* thing = thing_named(story::kCharacter, to);
  if (thing == nullptr) thing = thing_named(story::kCharacter, from);
  if (thing == nullptr) thing = &things()[add_thing(story::kCharacter, to, {from}, *quote)];
  add(Act::rename, *quote,
      {{"type", story::name(thing->type)}, {"ref", thing->ref}, {"from", from}, {"to", to}});
}

void Reading::read_retraction(const Document& item) {
  const auto type =
      story::kOntology.type_named(json::string_at(item, "type").value_or("")).value_or(Type::none);
  const auto field = text_at(item, "field", kMaximumFieldNameBytes);
  const auto value = text_at(item, "value", kMaximumTextBytes);
  const auto thing_name = text_at(
      item, "name", story::kOntology.is_item(type) ? kMaximumTextBytes : kMaximumEntryNameBytes);
  const auto index = story::kOntology.field_named(field);
  const bool is_clear =
      (type == story::kStory && index && story::kOntology.has_field(type, *index)) ||
      (story::kOntology.is_item(type) && !thing_name.empty()) ||
      (story::kOntology.is_entity(type) && !thing_name.empty() &&
       (field.empty() || (index && story::kOntology.has_field(type, *index))));
  if (!is_clear) return void(++extraction.without_value);
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  Document::object_t members{{"type", story::name(type)}};
  if (story::kOntology.is_item(type)) {
    members["value"] = thing_name;
    return add(Act::retract, *quote, std::move(members));
  }
  if (!field.empty()) members["field"] = field;
  if (!value.empty()) members["value"] = value;
  if (story::kOntology.is_entity(type)) {
    const auto* thing = thing_named(type, thing_name);
    if (thing == nullptr) thing = &things()[add_thing(type, thing_name, {}, *quote)];
    members["ref"] = thing->ref;
  }
  add(Act::retract, *quote, std::move(members));
}

}  // namespace

Result<Extraction> entries_from_answer(const Document& answer, const ExtractionSource& source) {
  if (source.begin > source.end || source.end > source.text.size() ||
      source.text.size() > kMaximumSourceBytes) {
    return problem(ErrorCode::invalid_request,
                   "The part of the message that was read must lie within it, and a message may "
                   "have 1 MB.");
  }
  if (!answer.is_object()) {
    return problem(ErrorCode::provider_malformed, "The model's answer is no JSON object.");
  }
  Reading reading(source);
  reading.read(answer);
  return std::move(reading.extraction);
}

}  // namespace fabula::dossier

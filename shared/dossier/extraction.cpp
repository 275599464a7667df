#include "shared/dossier/extraction.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "shared/dossier/field.hpp"
#include "shared/dossier/folding.hpp"
#include "shared/dossier/quotes.hpp"
#include "shared/dossier/tables.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

constexpr std::size_t kMaximumRefBytes = 300;
constexpr std::size_t kMaximumAliases = 32;

// One character, place or object of the answer.
struct Thing {
  Type type = Type::none;
  std::string ref;
  std::vector<std::string> keys;  // folded names
};

class Reading {
 public:
  Reading(const ExtractionSource& source)
      : source_(source), text_(source.text.substr(source.begin, source.end - source.begin)) {
    delivery_ = source.delivery;
    if (delivery_.empty()) {
      delivery_ = std::string(source.message_id) + ':' +
                  text::integer_text(static_cast<std::int64_t>(source.begin)) + '-' +
                  text::integer_text(static_cast<std::int64_t>(source.end));
    }
  }

  void read(const Document& answer) {
    each(answer, "characters", [this](const Document& item) { mention_character(item); });
    each(answer, "locations", [this](const Document& item) { read_thing(Type::location, item); });
    each(answer, "objects", [this](const Document& item) { read_thing(Type::object, item); });
    for (const auto& [place, item] : characters_) read_character(place, *item);
    each(answer, "themes", [this](const Document& item) { read_item(Type::theme, item); });
    each(answer, "plot_points",
         [this](const Document& item) { read_item(Type::plot_point, item); });
    each(answer, "open_questions",
         [this](const Document& item) { read_item(Type::open_question, item); });
    each(answer, "story", [this](const Document& item) { read_story(item); });
    each(answer, "renames", [this](const Document& item) { read_rename(item); });
    each(answer, "retractions", [this](const Document& item) { read_retraction(item); });
  }

  Extraction extraction;

 private:
  // Calls `read` with the objects of a list; what is none is counted.
  template <class Read>
  void each(const Document& parent, std::string_view key, Read read) {
    const auto* list = json::find(parent, key);
    if (list == nullptr || list->is_null()) return;
    const auto* items = list->get_ptr<const Document::array_t*>();
    if (items == nullptr) {
      ++extraction.malformed;
      return;
    }
    std::size_t count = 0;
    for (const auto& item : *items) {
      ++extraction.items;
      if (++count > kMaximumAnswerItems || !item.is_object()) {
        ++extraction.malformed;
      } else {
        read(item);
      }
    }
  }

  // "" when it is missing, no text, or says nothing.
  static std::string text_at(const Document& item, std::string_view key,
                             std::size_t maximum_bytes) {
    const auto text = json::string_at(item, key);
    if (!text || text->size() > maximum_bytes) return {};
    auto clean = clean_text(*text, maximum_bytes);
    return says_nothing(clean) ? std::string() : clean;
  }

  struct Quote {
    std::string text;
    Source source;
  };
  std::optional<Quote> quote_at(const Document& item, std::string_view key = "quote") const {
    const auto quote = json::string_at(item, key);
    if (!quote || quote->size() > kMaximumQuoteBytes) return std::nullopt;
    const auto found = text_.find(*quote);
    if (!found || found->end - found->begin > kMaximumQuoteBytes) return std::nullopt;
    const auto begin = source_.begin + found->begin;
    const auto end = source_.begin + found->end;
    return Quote{std::string(source_.text.substr(begin, end - begin)),
                 {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}};
  }

  static Document document(const Source& source) {
    return Document::object_t{{"begin", source.begin}, {"end", source.end}};
  }

  void add(Act act, const Quote& quote, Document::object_t members) {
    if (extraction.rows.size() >= kMaximumDeliveryEntries) {
      ++extraction.malformed;
      return;
    }
    members["do"] = name(act);
    members["at"] = source_.at;
    members["delivery"] = delivery_;
    members["model"] = source_.model;
    members["prompt"] = source_.prompt;
    members["quote"] = quote.text;
    members["source"] = document(quote.source);
    if (!source_.proposal.empty()) members["proposal"] = source_.proposal;
    const auto known = known_.size();
    if (known_.intern(json::dump(members)) != known) return;
    members["place"] = extraction.rows.size();
    auto row = make_row(source_.project_id, EntryKind::extracted, source_.message_id, members);
    if (!row) {
      ++extraction.malformed;
      return;
    }
    extraction.rows.push_back(std::move(*row));
  }

  // Where the words stand that show it to be a correction; nothing when there are none.
  void add_correction(Document::object_t& members, const Document& item,
                      std::string_view instead_of = {}) const {
    const auto quote = quote_at(item, "corrects");
    if (!quote) return;
    Document::object_t correction{{"quote", quote->text}, {"source", document(quote->source)}};
    if (!instead_of.empty()) correction["value"] = instead_of;
    members["corrects"] = std::move(correction);
  }

  std::string next_ref(Type type, std::string_view folded_name) {
    auto ref = std::string(dossier::name(type)) + ':' +
               std::string(text::prefix_bytes(folded_name, kMaximumRefBytes));
    const auto count = ++refs_[refs_known_.intern(ref)];
    if (count > 1) ref += '#' + text::integer_text(static_cast<std::int64_t>(count));
    return ref;
  }

  std::size_t add_thing(Type type, const std::string& name, std::vector<std::string> aliases,
                        const Quote& quote) {
    Thing thing;
    thing.type = type;
    thing.keys.push_back(fold(name));
    for (const auto& alias : aliases) thing.keys.push_back(fold(alias));
    thing.ref = next_ref(type, thing.keys.front());
    Document::array_t alias_list(aliases.begin(), aliases.end());
    add(Act::mention, quote,
        {{"type", dossier::name(type)},
         {"ref", thing.ref},
         {"name", name},
         {"aliases", std::move(alias_list)}});
    things_.push_back(std::move(thing));
    return things_.size() - 1;
  }

  std::vector<std::string> aliases_at(const Document& item, const std::string& name) const {
    std::vector<std::string> aliases;
    const auto* list = json::find(item, "aliases");
    const auto* items = list ? list->get_ptr<const Document::array_t*>() : nullptr;
    if (items == nullptr) return aliases;
    for (const auto& each : *items) {
      const auto* text = each.get_ptr<const std::string*>();
      if (text == nullptr || text->size() > kMaximumEntryNameBytes) continue;
      auto alias = clean_text(*text, kMaximumEntryNameBytes);
      const bool is_known =
          alias == name || std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
      if (says_nothing(alias) || is_known || aliases.size() >= kMaximumAliases) continue;
      aliases.push_back(std::move(alias));
    }
    return aliases;
  }

  // The thing of this answer that has the name; nothing when none or several have.
  const Thing* thing_named(Type type, std::string_view name) const {
    const auto key = fold(name);
    const Thing* found = nullptr;
    for (const auto& thing : things_) {
      if (thing.type != type ||
          std::find(thing.keys.begin(), thing.keys.end(), key) == thing.keys.end()) {
        continue;
      }
      if (found != nullptr) return nullptr;
      found = &thing;
    }
    return found;
  }

  void add_fact(const Thing& thing, const std::string& field, const std::string& value,
                const Quote& quote, const Document& item) {
    Document::object_t members{{"type", dossier::name(thing.type)},
                               {"ref", thing.ref},
                               {"field", field},
                               {"value", value}};
    add_correction(members, item);
    add(Act::fact, quote, std::move(members));
  }

  // A character without a quote of its own may stand by that of a fact.
  std::optional<Quote> any_quote(const Document& item) const {
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
      // Of two people with one name the second is still the second: the same answer may be read for
      // several texts, as one delivery.
      next_ref(Type::character, fold(name));
      return void(++extraction.without_quote);
    }
    characters_.emplace_back(add_thing(Type::character, name, aliases_at(item, name), *quote),
                             &item);
  }

  void read_character(std::size_t place, const Document& character) {
    each(character, "fields", [&](const Document& item) {
      const auto field = text_at(item, "field", kMaximumFieldNameBytes);
      const auto value = text_at(item, "value", kMaximumTextBytes);
      const auto index = field_index(field);
      const bool is_known = index && *index > field::kAliases &&
                            has_field(Type::character, *index) && *index != field::kRelationships;
      if (!is_known || value.empty()) return void(++extraction.without_value);
      const auto quote = quote_at(item);
      if (!quote) return void(++extraction.without_quote);
      add_fact(things_[place], field, value, *quote, item);
    });
    each(character, "relationships", [&](const Document& item) {
      const auto relation = text_at(item, "relation", kMaximumEntryNameBytes);
      const auto to = text_at(item, "to", kMaximumEntryNameBytes);
      if (relation.empty() || to.empty()) return void(++extraction.without_value);
      const auto quote = quote_at(item);
      if (!quote) return void(++extraction.without_quote);
      Document::object_t members{
          {"from_ref", things_[place].ref}, {"relation", relation}, {"to_name", to}};
      if (const auto* other = thing_named(Type::character, to)) members["to_ref"] = other->ref;
      add_correction(members, item);
      add(Act::relation, *quote, std::move(members));
    });
  }

  void read_thing(Type type, const Document& item);
  void read_item(Type type, const Document& item);
  void read_story(const Document& item);
  void read_rename(const Document& item);
  void read_retraction(const Document& item);

  const ExtractionSource& source_;
  QuotedText text_;
  std::string delivery_;
  std::vector<Thing> things_;
  std::vector<std::pair<std::size_t, const Document*>> characters_;  // place in things_
  TextTable refs_known_;
  std::map<std::uint32_t, std::size_t> refs_;
  TextTable known_;
};

void Reading::read_thing(Type type, const Document& item) {
  const auto name = text_at(item, "name", kMaximumEntryNameBytes);
  if (name.empty()) return void(++extraction.without_value);
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  const auto place = add_thing(type, name, aliases_at(item, name), *quote);
  const auto description = text_at(item, "description", kMaximumTextBytes);
  if (!description.empty()) add_fact(things_[place], "description", description, *quote, item);
}

void Reading::read_item(Type type, const Document& item) {
  const auto text = text_at(item, "text", kMaximumTextBytes);
  if (text.empty()) return void(++extraction.without_value);
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  Document::object_t members{{"type", name(type)}, {"text", text}};
  add_correction(members, item, text_at(item, "instead_of", kMaximumTextBytes));
  add(Act::item, *quote, std::move(members));
}

void Reading::read_story(const Document& item) {
  const auto field = text_at(item, "field", kMaximumFieldNameBytes);
  const auto value = text_at(item, "value", kMaximumTextBytes);
  const auto index = field_index(field);
  if (!index || !has_field(Type::story, *index) || value.empty()) {
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
  const auto* thing = thing_named(Type::character, to);
  if (thing == nullptr) thing = thing_named(Type::character, from);
  if (thing == nullptr) thing = &things_[add_thing(Type::character, to, {from}, *quote)];
  add(Act::rename, *quote,
      {{"type", name(thing->type)}, {"ref", thing->ref}, {"from", from}, {"to", to}});
}

void Reading::read_retraction(const Document& item) {
  const auto type = type_named(json::string_at(item, "type").value_or("")).value_or(Type::none);
  const auto field = text_at(item, "field", kMaximumFieldNameBytes);
  const auto value = text_at(item, "value", kMaximumTextBytes);
  const auto thing_name =
      text_at(item, "name", is_item(type) ? kMaximumTextBytes : kMaximumEntryNameBytes);
  const auto index = field_index(field);
  const bool is_clear = (type == Type::story && index && has_field(type, *index)) ||
                        (is_item(type) && !thing_name.empty()) ||
                        (is_entity(type) && !thing_name.empty() &&
                         (field.empty() || (index && has_field(type, *index))));
  if (!is_clear) return void(++extraction.without_value);
  const auto quote = quote_at(item);
  if (!quote) return void(++extraction.without_quote);
  Document::object_t members{{"type", name(type)}};
  if (is_item(type)) {
    members["value"] = thing_name;
    return add(Act::retract, *quote, std::move(members));
  }
  if (!field.empty()) members["field"] = field;
  if (!value.empty()) members["value"] = value;
  if (is_entity(type)) {
    const auto* thing = thing_named(type, thing_name);
    if (thing == nullptr) thing = &things_[add_thing(type, thing_name, {}, *quote)];
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

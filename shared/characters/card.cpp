#include "shared/characters/card.hpp"

#include <array>

#include "shared/json/text.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::characters {
namespace {

using json::Document;

constexpr std::string_view kSpecV2 = "chara_card_v2";
constexpr std::string_view kSpecV3 = "chara_card_v3";

struct Pair {
  std::string_view column;
  std::string_view member;  // in the card's data
};

constexpr std::array kTexts = {
    Pair{"name", "name"},
    Pair{"persona", "description"},
    Pair{"personality", "personality"},
    Pair{"scenario", "scenario"},
    Pair{"example_dialogue", "mes_example"},
    Pair{"system_prompt", "system_prompt"},
    Pair{"closing_instructions", "post_history_instructions"},
    Pair{"greeting", "first_mes"},
};
constexpr Pair kGreetings{"alternative_greetings", "alternate_greetings"};

// Further required members of a V2 card, besides the texts above.
constexpr std::array<std::string_view, 3> kOtherTexts = {"creator_notes", "creator",
                                                         "character_version"};

std::string_view text_at(const Document& object, std::string_view key) {
  return json::string_at(object, key).value_or("");
}

Document greetings_at(const Document& object, std::string_view key) {
  const auto* greetings = json::find(object, key);
  return greetings && greetings->is_array() ? *greetings : Document(Document::value_t::array);
}

Document empty_data() {
  Document data(Document::value_t::object);
  for (const auto& text : kTexts) data.emplace(std::string(text.member), "");
  for (const auto text : kOtherTexts) data.emplace(std::string(text), "");
  data.emplace(std::string(kGreetings.member), Document(Document::value_t::array));
  data.emplace("tags", Document(Document::value_t::array));
  data.emplace("extensions", Document(Document::value_t::object));
  return data;
}

// The member of an object, added if it is missing.
Document& member_of(Document& object, std::string_view key) {
  return object.get_ptr<Document::object_t*>()->operator[](std::string(key));
}

}  // namespace

std::string character_of_card(const Document& card) {
  const Document nothing(Document::value_t::object);
  const auto* data = json::find(card, "data");
  if (!data) data = &nothing;
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  for (const auto& text : kTexts) writer.key(text.column).string(text_at(*data, text.member));
  writer.key(kGreetings.column).raw(json::dump(greetings_at(*data, kGreetings.member)));
  writer.key("card").raw(json::dump(card)).end_object();
  return body;
}

Document card_of_character(const Document& character, const Document& imported,
                           std::string_view spec) {
  Document card = imported.is_object() ? imported : Document(Document::value_t::object);
  if (spec.empty()) spec = text_at(card, "spec");
  if (spec.empty()) spec = kSpecV2;
  if (text_at(card, "spec") != spec) {
    member_of(card, "spec") = spec;
    member_of(card, "spec_version") = spec == kSpecV3 ? "3.0" : "2.0";
  }
  auto& data = member_of(card, "data");
  if (!data.is_object()) data = empty_data();
  for (const auto& text : kTexts) {
    const auto now = text_at(character, text.column);
    // Names are stored without blanks around them.
    const auto then = text_at(data, text.member);
    if (now != then && now != text::trim(then)) member_of(data, text.member) = now;
  }
  const auto greetings = greetings_at(character, kGreetings.column);
  if (greetings != greetings_at(data, kGreetings.member)) {
    member_of(data, kGreetings.member) = greetings;
  }
  if (spec == kSpecV3 && !json::find(data, "group_only_greetings")) {
    const bool is_from_v3 = text_at(imported, "spec") == kSpecV3;
    if (!is_from_v3) member_of(data, "group_only_greetings") = Document(Document::value_t::array);
  }
  return card;
}

}  // namespace fabula::characters

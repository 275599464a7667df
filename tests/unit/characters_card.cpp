#include "shared/characters/card.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/api/check.hpp"
#include "shared/api/endpoints/characters.hpp"

using namespace fabula;
using json::Document;

namespace {

Document parsed(std::string_view text) {
  auto document = json::parse(text);
  REQUIRE(document);
  return *std::move(document);
}

const std::string kCardV3 = R"({"spec":"chara_card_v3","spec_version":"3.0","x_own":[1,{"a":null}],
  "data":{"name":" Mara ","description":"{{char}} keeps <BOT>'s light.","personality":"dry",
  "scenario":"","first_mes":"Come in.","mes_example":"<START>","creator_notes":"n",
  "system_prompt":"{{original}}!","post_history_instructions":"p","alternate_greetings":["A","B"],
  "tags":["t"],"creator":"c","character_version":"1","extensions":{"depth_prompt":{"depth":4.5}},
  "character_book":{"entries":[{"keys":["sea"],"content":"deep","extensions":{}}]},
  "assets":[{"type":"icon","uri":"ccdefault:","name":"main","ext":"png"}],"nickname":"M",
  "group_only_greetings":[],"creation_date":1700000000}})";

// The database's description of a character that was stored with this body.
Document stored(const std::string& body) {
  auto character = parsed(body);
  auto* object = character.get_ptr<Document::object_t*>();
  object->erase("card");
  auto& name = object->operator[]("name");
  if (name == " Mara ") name = "Mara";
  return character;
}

}  // namespace

TEST_CASE("a card becomes a character, with the card itself") {
  const auto card = parsed(kCardV3);
  const auto character = parsed(characters::character_of_card(card));
  CHECK(json::string_at(character, "persona") == "{{char}} keeps <BOT>'s light.");
  CHECK(json::string_at(character, "greeting") == "Come in.");
  CHECK(json::string_at(character, "example_dialogue") == "<START>");
  CHECK(json::string_at(character, "closing_instructions") == "p");
  CHECK(json::dump(*json::find(character, "alternative_greetings")) == R"(["A","B"])");
  CHECK(*json::find(character, "card") == card);
}

TEST_CASE("a character that was not changed gives its card back, with what we do not know") {
  for (const auto& text :
       {kCardV3, std::string(R"({"spec":"chara_card_v2","data":{"name":"N","extensions":{}}})"),
        std::string(R"({"spec":"chara_card_v3","spec_version":"3.1","data":{"name":"N",
                        "description":null,"unknown":{"a":[0.1,1e300,-0,"\u2028"]}}})")}) {
    const auto card = parsed(text);
    const auto character = stored(characters::character_of_card(card));
    CHECK(characters::card_of_character(character, card, "") == card);
  }
}

TEST_CASE("what was changed since is in the card") {
  const auto card = parsed(kCardV3);
  auto character = stored(characters::character_of_card(card));
  auto* object = character.get_ptr<Document::object_t*>();
  object->operator[]("persona") = "New.";
  object->operator[]("alternative_greetings") = Document(Document::value_t::array);
  const auto made = characters::card_of_character(character, card, "");
  auto expected = card;
  auto* data = json::find(expected, "data")->get_ptr<Document::object_t*>();
  data->operator[]("description") = "New.";
  data->operator[]("alternate_greetings") = Document(Document::value_t::array);
  CHECK(made == expected);
}

TEST_CASE("a character that was written here becomes a card that its own import takes") {
  const auto character = parsed(R"({"name":"Nora","persona":"p","personality":"","scenario":"s",
    "example_dialogue":"","system_prompt":"","closing_instructions":"","greeting":"g",
    "alternative_greetings":["x"]})");
  for (const std::string spec : {"", "chara_card_v2", "chara_card_v3"}) {
    const auto card = characters::card_of_character(character, Document(), spec);
    CHECK(api::check_body(card, api::companion::kCard));
    CHECK(json::string_at(card, "spec") == (spec.empty() ? "chara_card_v2" : spec));
    auto again = parsed(characters::character_of_card(card));
    again.get_ptr<Document::object_t*>()->erase("card");
    CHECK(again == character);
  }
}

TEST_CASE("a card of one version is given as one of the other") {
  const auto v2 = parsed(R"({"spec":"chara_card_v2","spec_version":"2.0","data":{"name":"N"}})");
  const auto character = stored(characters::character_of_card(v2));
  const auto v3 = characters::card_of_character(character, v2, "chara_card_v3");
  CHECK(json::string_at(v3, "spec") == "chara_card_v3");
  CHECK(json::string_at(v3, "spec_version") == "3.0");
  CHECK(json::find(*json::find(v3, "data"), "group_only_greetings"));
}

TEST_CASE("hostile cards are refused with the path of each fault") {
  std::string greetings;
  for (int i = 0; i < 1000; ++i) greetings += (i ? ",\"Hi\"" : "\"Hi\"");
  for (const std::string& data :
       {std::string(R"({})"), std::string(R"({"name":7})"), std::string(R"({"name":" "})"),
        std::string(R"({"name":"N","description":["x"]})"),
        std::string(R"({"name":"N","first_mes":{"a":1}})"),
        std::string(R"({"name":"N","alternate_greetings":"x"})"),
        std::string(R"({"name":"N","alternate_greetings":[1]})"),
        std::string(R"({"name":"N","extensions":[]})"), std::string(R"({"name":"N","tags":{}})"),
        std::string(R"("text")"), std::string("null"),
        R"({"name":"N","alternate_greetings":[)" + greetings + "]}",
        R"({"name":"N","description":")" + std::string(100'001, 'x') + "\"}"}) {
    CAPTURE(data.substr(0, 80));
    const auto card = parsed(R"({"spec":"chara_card_v2","data":)" + data + "}");
    const auto checked = api::check_body(card, api::companion::kCard);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::invalid_request);
    CHECK(checked.error().errors[0].path.starts_with("data"));
  }
  // Making a character of it never aborts, whatever it is.
  for (const char* text : {"{}", R"({"data":[]})", R"({"data":{"name":[1],"first_mes":null}})"}) {
    CHECK_FALSE(characters::character_of_card(parsed(text)).empty());
    CHECK(characters::card_of_character(parsed(text), parsed(text), "").is_object());
  }
}

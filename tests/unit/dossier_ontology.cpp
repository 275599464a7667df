// The fold with another ontology than the story's: a companion's memory of the person that it talks
// with.
#include "shared/dossier/log/ontology.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/read/history.hpp"
#include "shared/dossier/read/provenance.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "shared/json/document.hpp"

using namespace fabula;
using dossier::Comparison;
using dossier::Dossier;
using dossier::FieldFacts;
using dossier::FieldRule;
using dossier::Ontology;
using dossier::Type;
using dossier::TypeFacts;
using dossier::TypeKind;
using json::Document;

namespace {

// A subject, people, things and items, but no questions. Types and fields are in another order than
// the story's.
constexpr std::array kTypes{
    TypeFacts{"none", "", TypeKind::none},
    TypeFacts{"companion", "", TypeKind::subject},
    TypeFacts{"wish", "wishes", TypeKind::item},
    TypeFacts{"pet", "pets", TypeKind::things, 2},
    TypeFacts{"person", "people", TypeKind::people, 4},
};
constexpr Type kWish{2};
constexpr Type kPet{3};
constexpr Type kPerson{4};
constexpr std::array kFields{
    FieldFacts{"name", FieldRule::latest, Comparison::folded},
    FieldFacts{"aliases", FieldRule::list, Comparison::folded},
    FieldFacts{"family", FieldRule::list},
    FieldFacts{.name = "home", .rule = FieldRule::latest, .is_null_when_empty = true},
    FieldFacts{"likes", FieldRule::list},
    FieldFacts{"birthday", FieldRule::checked, Comparison::key_words},
    FieldFacts{.name = "mood", .is_of_subject = true},
};
constexpr std::array kShown{kPerson, kPet, kWish};
constexpr Ontology kMemory{.types = kTypes, .fields = kFields, .relations = 2, .shown = kShown};
static_assert(is_sound(kMemory));

class Memory {
 public:
  void say(Document body) {
    body["at"] = ++at_;
    body["delivery"] = "answer:" + std::to_string(at_);
    body["quote"] = "as it was said";
    add(dossier::EntryKind::extracted, body);
  }
  // Adds the entries of one answer.
  void say_at_once(std::vector<Document> bodies) {
    ++at_;
    std::int64_t place = 0;
    for (auto& body : bodies) {
      body["at"] = at_;
      body["place"] = ++place;
      body["delivery"] = "answer:" + std::to_string(at_);
      add(dossier::EntryKind::extracted, body);
    }
  }
  void act(Document body) {
    body["at"] = ++at_;
    body["operation"] = "operation " + std::to_string(at_);
    add(dossier::EntryKind::user, body);
  }

  Document snapshot() {
    auto text = json::parse(snapshot_json(dossier));
    REQUIRE(text);
    return *text;
  }
  const dossier::State& state() { return dossier.state(); }

  Dossier dossier{kMemory};

 private:
  void add(dossier::EntryKind kind, const Document& body) {
    const auto row = dossier::make_row("a project", kind, "", body);
    REQUIRE(row);
    auto entry = dossier::parse_entry(*row, kMemory);
    REQUIRE_MESSAGE(entry, row->body);
    std::vector<dossier::Entry> entries;
    entries.push_back(std::move(*entry));
    CHECK(dossier.add(std::move(entries)) == 1);
  }

  std::int64_t at_ = 0;
};

Document mention(std::string_view type, std::string_view name) {
  return {{"do", "mention"}, {"type", type}, {"ref", name}, {"name", name}};
}

Document fact(std::string_view type, std::string_view name, std::string_view field,
              std::string_view value) {
  return {{"do", "fact"}, {"type", type}, {"ref", name}, {"field", field}, {"value", value}};
}

}  // namespace

TEST_CASE("a person with facts is remembered by another ontology's types and fields") {
  Memory memory;
  memory.say_at_once({mention("person", "Ada Byron"), fact("person", "Ada Byron", "home", "Paris"),
                      fact("person", "Ada Byron", "likes", "chess"),
                      fact("person", "Ada Byron", "likes", "Chess."),
                      fact("person", "Ada Byron", "birthday", "10 December")});
  memory.say_at_once({mention("person", "Ada"), fact("person", "Ada", "home", "London")});
  memory.say({{"do", "item"}, {"type", "wish"}, {"text", "To learn to sail"}});
  memory.say({{"do", "story"}, {"field", "mood"}, {"value", "curious"}});
  memory.say_at_once({mention("pet", "Rex")});

  const auto snapshot = memory.snapshot();
  REQUIRE(memory.state().entities(kPerson).size() == 1);
  CHECK(memory.state().entities(kPet).size() == 1);
  CHECK(memory.state().items(kWish).size() == 1);
  const auto& ada = snapshot["people"][0];
  CHECK(ada["name"] == "Ada Byron");
  CHECK(ada["aliases"] == Document{"Ada"});
  CHECK(ada["family"] == Document::array());
  CHECK(ada["home"] == "London");
  CHECK(ada["likes"] == Document{"chess"});
  CHECK(ada["birthday"] == "10 December");
  CHECK(snapshot["wishes"] == Document{"To learn to sail"});
  CHECK(snapshot["mood"] == "curious");
  CHECK(snapshot["pets"][0]["name"] == "Rex");
  // By this ontology, not a story's: no empty home, and no lists that it does not have.
  CHECK_FALSE(snapshot["pets"][0].contains("home"));
  CHECK_FALSE(snapshot.contains("characters"));
  CHECK_FALSE(snapshot.contains("open_questions"));
}

TEST_CASE("rules of fields, relations, and persons' acts are those of the ontology") {
  Memory memory;
  memory.say_at_once({mention("person", "Ada Byron"),
                      mention("person", "Tom Byron"),
                      {{"do", "relation"},
                       {"from_ref", "Ada Byron"},
                       {"to_ref", "Tom Byron"},
                       {"relation", "brother"}},
                      fact("person", "Ada Byron", "birthday", "10 December")});
  memory.say_at_once(
      {mention("person", "Ada Byron"), fact("person", "Ada Byron", "birthday", "11 December")});
  auto snapshot = memory.snapshot();
  CHECK(snapshot["people"][0]["family"] == Document{"brother: Tom Byron"});
  // Two values of a checked field are a question, even if no list shows questions.
  REQUIRE(memory.state().questions.size() == 1);
  CHECK(memory.state().questions[0].field == 5);

  memory.act({{"do", "set"},
              {"target", snapshot["people"][1]["id"]},
              {"field", "home"},
              {"value", "Rome"}});
  memory.act({{"do", "set"}, {"target", "companion"}, {"field", "mood"}, {"value", "calm"}});
  snapshot = memory.snapshot();
  CHECK(snapshot["people"][1]["home"] == "Rome");
  CHECK(snapshot["people"][0]["home"].is_null());
  CHECK(snapshot["mood"] == "calm");

  const auto facts = json::parse(provenance_json(memory.dossier));
  REQUIRE(facts);
  CHECK((*facts)[0]["type"] == "person");
  CHECK(facts->back()["target"] == "companion");
  CHECK(facts->back()["type"] == "companion");
  const auto history = json::parse(history_json(memory.dossier));
  REQUIRE(history);
  CHECK(history->size() >= 2);
}

TEST_CASE("what an ontology has no type for is of no effect, and refused by none") {
  Memory memory;
  memory.say_at_once({mention("person", "Ada Byron")});
  const auto before = memory.snapshot();
  for (const char* type : {"character", "theme", "story"}) {
    const auto row = dossier::make_row(
        "a project", dossier::EntryKind::extracted, "",
        {{"do", "retract"}, {"type", type}, {"delivery", "d"}, {"ref", "r"}, {"value", "x"}});
    REQUIRE(row);
    CHECK_FALSE(dossier::parse_entry(*row, kMemory));
  }
  // An ontology with neither people nor a subject: their acts are unknown to it.
  static constexpr std::array kOnlyPets{TypeFacts{"none", "", TypeKind::none},
                                        TypeFacts{"pet", "pets", TypeKind::things, 2}};
  static constexpr std::array kPets{Type{1}};
  static constexpr Ontology kZoo{.types = kOnlyPets, .fields = kFields, .shown = kPets};
  static_assert(is_sound(kZoo));
  Dossier zoo(kZoo);
  std::vector<dossier::Entry> entries;
  for (const Document& body :
       {Document{{"do", "relation"},
                 {"delivery", "d"},
                 {"from_ref", "a"},
                 {"to_ref", "b"},
                 {"relation", "friend"},
                 {"at", 1}},
        Document{{"do", "story"}, {"field", "mood"}, {"value", "calm"}, {"at", 2}},
        Document{{"do", "mention"},
                 {"type", "pet"},
                 {"delivery", "d"},
                 {"ref", "Rex"},
                 {"name", "Rex"},
                 {"at", 3}}}) {
    const auto row = dossier::make_row("a zoo", dossier::EntryKind::extracted, "", body);
    REQUIRE(row);
    auto entry = dossier::parse_entry(*row, kZoo);
    REQUIRE(entry);
    entries.push_back(std::move(*entry));
  }
  CHECK(entries[0].act == dossier::Act::unknown);
  CHECK(entries[1].act == dossier::Act::unknown);
  zoo.add(std::move(entries));
  const auto snapshot = json::parse(snapshot_json(zoo));
  REQUIRE(snapshot);
  CHECK((*snapshot)["pets"].size() == 1);
  CHECK(snapshot->size() == 1);
  CHECK(memory.snapshot() == before);
}

TEST_CASE("an ontology that a fold could not keep to is seen where it is written") {
  CHECK(is_sound(kMemory));
  Ontology unsound = kMemory;
  unsound.relations = 5;  // no list
  CHECK_FALSE(is_sound(unsound));
  unsound = kMemory;
  unsound.types = unsound.types.subspan(1);  // does not begin with none
  CHECK_FALSE(is_sound(unsound));
  static constexpr std::array kTwice{kTypes[0], kTypes[4], kTypes[4]};
  unsound = kMemory;
  unsound.types = kTwice;
  CHECK_FALSE(is_sound(unsound));
}

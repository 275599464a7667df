// Relations as objects, next to the equivalent texts.
#include <doctest/doctest.h>

#include <string>

#include "shared/dossier/read/diff.hpp"
#include "tests/unit/dossier_script.hpp"

using namespace fabula;
using json::Document;
using tests::DossierScript;

namespace {

// A message of these characters, each quoted by the message as a whole.
std::string tell(DossierScript& script, const std::string& text, const std::string& characters) {
  const auto step = json::parse(
      R"({"say":")" + text + R"(","answer":{"characters":[)" + characters +
      R"(],"locations":[],"objects":[],"themes":[],"plot_points":[],"open_questions":[],)"
      R"("story":[],"renames":[],"retractions":[]}})");
  return script.say(step.value_or(Document()));
}

std::string person(const std::string& name, const std::string& quote,
                   const std::string& relations = "", const std::string& aliases = "") {
  return R"({"name":")" + name + R"(","aliases":[)" + aliases + R"(],"quote":")" + quote +
         R"(","fields":[],"relationships":[)" + relations + "]}";
}

std::string relation(const std::string& what, const std::string& to, const std::string& quote) {
  return R"({"relation":")" + what + R"(","to":")" + to + R"(","quote":")" + quote +
         R"(","corrects":""})";
}

Document character(DossierScript& script, std::string_view name) {
  const auto shown = json::parse(script.snapshot()).value_or(Document());
  for (const auto& each : *json::find(shown, "characters")) {
    if (json::string_at(each, "name") == name) return each;
  }
  return {};
}

std::string id_of(DossierScript& script, std::string_view name) {
  return std::string(json::string_at(character(script, name), "id").value_or("nobody"));
}

// In the form "sister Nora <id>".
std::vector<std::string> relations_of(DossierScript& script, std::string_view name) {
  std::vector<std::string> all;
  const auto person = character(script, name);
  const auto* relations = json::find(person, "relations");
  REQUIRE(relations);
  for (const auto& each : *relations) {
    REQUIRE(each.size() == 3);
    all.push_back(std::string(json::string_at(each, "relation").value_or("-")) + " " +
                  std::string(json::string_at(each, "name").value_or("-")) + " " +
                  std::string(json::string_at(each, "character_id").value_or("-")));
  }
  return all;
}

std::string patch(DossierScript& script, const std::string& changes) {
  return script.take(
      dossier::merge(script.dossier, json::parse(changes).value_or(Document()), script.context()));
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a relation names the other by the id of the character, under any name") {
  DossierScript script;
  REQUIRE(tell(script, "Mara has a sister, Nora Vane, and an enemy, Oda.",
               person("Mara", "Mara",
                      relation("sister", "Nora", "a sister, Nora Vane") + "," +
                          relation("enemy", "Oda", "an enemy, Oda")) +
                   "," + person("Nora Vane", "Nora Vane", "", "\"Nora\"")) == "");
  CHECK(relations_of(script, "Mara") ==
        Texts{"sister Nora Vane " + id_of(script, "Nora Vane"), "enemy Oda -"});
  CHECK(relations_of(script, "Nora Vane").empty());
  // The other one is found later.
  REQUIRE(tell(script, "Oda laughs.", person("Oda", "Oda laughs")) == "");
  CHECK(relations_of(script, "Mara").back() == "enemy Oda " + id_of(script, "Oda"));
  const auto text = script.snapshot();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CHECK(script.snapshot_in_another_order(seed) == text);
  }
}

TEST_CASE("the id follows who is removed, brought back and renamed") {
  DossierScript script;
  REQUIRE(tell(script, "Mara has a sister, Nora.",
               person("Mara", "Mara", relation("sister", "Nora", "a sister, Nora")) + "," +
                   person("Nora", "Nora")) == "");
  const auto id = id_of(script, "Nora");
  REQUIRE(script.take(dossier::remove(script.dossier, id, script.context())) == "");
  CHECK(relations_of(script, "Mara") == Texts{"sister Nora -"});
  REQUIRE(script.take(dossier::undo(script.dossier, "", script.context())) == "");
  CHECK(relations_of(script, "Mara") == Texts{"sister Nora " + id});
  REQUIRE(patch(script, R"({"characters":[{"id":")" + id + R"(","name":"Leonore"}]})") == "");
  CHECK(relations_of(script, "Mara") == Texts{"sister Leonore " + id});
  CHECK(script.snapshot_in_another_order(7) == script.snapshot());
}

TEST_CASE("relations that a person writes are objects too") {
  DossierScript script;
  REQUIRE(tell(script, "Mara and Nora.", person("Mara", "Mara") + "," + person("Nora", "Nora")) ==
          "");
  const auto id = id_of(script, "Mara");
  REQUIRE(patch(script, R"({"characters":[{"id":")" + id +
                            R"(","relationships":["friend: Nora","Bruder: 林若曦","loves the sea",)"
                            R"("self: Mara"]}]})") == "");
  CHECK(relations_of(script, "Mara") == Texts{"friend Nora " + id_of(script, "Nora"),
                                              "Bruder 林若曦 -", "loves the sea - -",
                                              "self Mara -"});
  REQUIRE(patch(script, R"({"characters":[{"name":"林若曦"}]})") == "");
  CHECK(relations_of(script, "Mara")[1] == "Bruder 林若曦 " + id_of(script, "林若曦"));
}

TEST_CASE("a name that two people have names neither") {
  DossierScript script;
  REQUIRE(tell(script, "Mara has a friend, John. John and John.",
               person("Mara", "Mara", relation("friend", "John", "a friend, John")) + "," +
                   person("John", "John and John") + "," + person("John", "and John")) == "");
  CHECK(relations_of(script, "Mara") == Texts{"friend John -"});
  std::vector<std::string> ids;
  const auto shown = json::parse(script.snapshot()).value_or(Document());
  for (const auto& each : *json::find(shown, "characters")) {
    if (json::string_at(each, "name") == "John") ids.emplace_back(*json::string_at(each, "id"));
  }
  REQUIRE(ids.size() == 2);
  // When one of them is removed, whichever, the name is the other's.
  for (const auto& [removed, left] : {std::pair(ids[0], ids[1]), std::pair(ids[1], ids[0])}) {
    REQUIRE(script.take(dossier::remove(script.dossier, removed, script.context())) == "");
    CHECK(relations_of(script, "Mara") == Texts{"friend John " + left});
    REQUIRE(script.take(dossier::undo(script.dossier, "", script.context())) == "");
    CHECK(relations_of(script, "Mara") == Texts{"friend John -"});
  }
}

TEST_CASE("a dossier that is sent back as it was read changes nothing, and differs in nothing") {
  DossierScript script;
  REQUIRE(tell(script, "Mara has a sister, Nora.",
               person("Mara", "Mara", relation("sister", "Nora", "a sister, Nora")) + "," +
                   person("Nora", "Nora")) == "");
  const auto before = script.snapshot();
  const auto sent = json::parse(before).value_or(Document());
  const auto rows = dossier::replace(script.dossier, sent, script.context());
  REQUIRE(rows);
  CHECK(rows->empty());
  REQUIRE(patch(script, R"({"characters":[{"name":"Mara","relations":[{"relation":"x"}]}]})") ==
          "");
  CHECK(script.snapshot() == before);
  REQUIRE(tell(script, "Nora Vane.", person("Nora Vane", "Nora Vane")) == "");
  const auto after = json::parse(script.snapshot()).value_or(Document());
  CHECK(dossier::diff_json(sent, after).find("\"relations\"") == std::string::npos);
}

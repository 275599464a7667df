// Single entries that a person removes, and many proposals that a person decides on at once.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/dossier_script.hpp"

using namespace fabula;
using json::Document;
using tests::DossierScript;

namespace {

constexpr std::string_view kNothingElse = R"(,"story":[],"renames":[],"retractions":[]})";

// A message about Ann, the mill, a knife, a theme, a plot point and an open question.
std::string tell(DossierScript& script, std::string_view proposal = {}) {
  std::string step = R"({"say":"Ann is 30. The mill. A knife. Loss. It rains. Who lied?","answer":{
    "characters":[{"name":"Ann","aliases":[],"quote":"Ann is 30","relationships":[],
      "fields":[{"field":"age","value":"30","quote":"Ann is 30","corrects":""}]}],
    "locations":[{"name":"the mill","aliases":[],"description":"","quote":"The mill."}],
    "objects":[{"name":"a knife","aliases":[],"description":"","quote":"A knife."}],
    "themes":[{"text":"Loss","quote":"Loss"}],
    "plot_points":[{"text":"It rains","quote":"It rains.","corrects":"","instead_of":""}],
    "open_questions":[{"text":"Who lied?","quote":"Who lied?"}])" +
                     std::string(kNothingElse);
  if (!proposal.empty()) step += ",\"proposal\":\"" + std::string(proposal) + "\"";
  return script.say(json::parse(step + "}").value_or(Document()));
}

Document snapshot(DossierScript& script) {
  return json::parse(script.snapshot()).value_or(Document());
}

std::size_t count(DossierScript& script, std::string_view list) {
  const auto shown = snapshot(script);
  const auto* items = json::find(shown, list);
  return items ? items->size() : 0;
}

// The target of the facts of this type, from the provenance.
std::string target_of(DossierScript& script, std::string_view type) {
  const auto facts = json::parse(dossier::provenance_json(script.dossier)).value_or(Document());
  for (const auto& fact : facts) {
    if (json::string_at(fact, "type") == type) {
      return std::string(json::string_at(fact, "target").value_or(""));
    }
  }
  return {};
}

std::string remove(DossierScript& script, std::string_view id) {
  return script.take(dossier::remove(script.dossier, id, script.context()));
}

std::vector<std::string> faults_of(const dossier::Rows& rows) {
  std::vector<std::string> paths;
  if (rows) return paths;
  for (const auto& error : rows.error().errors) paths.push_back(error.path);
  return paths;
}

}  // namespace

TEST_CASE("each kind of entry is removed by its id, stays away, and is back with an undo") {
  struct Kind {
    std::string_view type;
    std::string_view list;
  };
  for (const auto& kind :
       {Kind{"character", "characters"}, Kind{"location", "locations"}, Kind{"object", "objects"},
        Kind{"theme", "themes"}, Kind{"plot_point", "plot_points"},
        Kind{"open_question", "open_questions"}}) {
    CAPTURE(kind.type);
    DossierScript script;
    REQUIRE(tell(script) == "");
    const auto before = script.snapshot();
    const auto id = target_of(script, kind.type);
    REQUIRE(count(script, kind.list) == 1);
    CHECK(remove(script, id) == "");
    CHECK(count(script, kind.list) == 0);
    const auto without = script.snapshot();
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      CHECK(script.snapshot_in_another_order(seed) == without);
    }
    // Another text says it again.
    REQUIRE(tell(script) == "");
    CHECK(count(script, kind.list) == 0);
    CHECK(script.snapshot() == without);
    CHECK_FALSE(dossier::remove(script.dossier, id, script.context()));
    CHECK(script.take(dossier::undo(script.dossier, "", script.context())) == "");
    CHECK(count(script, kind.list) == 1);
    CHECK(count(script, "characters") == 1);
    if (kind.type == "character")
      CHECK(snapshot(script) == json::parse(before).value_or(Document()));
  }
}

TEST_CASE("what a person adds again is there again") {
  DossierScript script;
  REQUIRE(tell(script) == "");
  REQUIRE(remove(script, target_of(script, "theme")) == "");
  REQUIRE(remove(script, target_of(script, "character")) == "");
  const auto changes =
      json::parse(R"({"themes":["Loss"],"characters":[{"name":"Ann"}]})").value_or(Document());
  CHECK(script.take(dossier::merge(script.dossier, changes, script.context())) == "");
  CHECK(count(script, "themes") == 1);
  CHECK(count(script, "characters") == 1);
}

TEST_CASE("an id that is none, of nothing, or of a fact alone removes nothing") {
  DossierScript script;
  REQUIRE(tell(script) == "");
  std::vector<std::string> ids = {"", "Ann", "story", "0000000000000000", "zzzz"};
  for (const auto& entry : script.dossier.entries()) {
    if (entry.act == dossier::Act::fact) ids.push_back(dossier::digest_text(entry.id));
  }
  REQUIRE(ids.size() == 6);
  for (const auto& id : ids) {
    CAPTURE(id);
    const auto rows = dossier::remove(script.dossier, id, script.context());
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == ErrorCode::not_found);
  }
}

TEST_CASE("a question that follows from what is said is removed too, until more is said") {
  DossierScript script;
  REQUIRE(tell(script) == "");
  const auto other = json::parse(R"({"say":"Ann is 40.","answer":{"characters":[
    {"name":"Ann","aliases":[],"quote":"Ann is 40","relationships":[],
     "fields":[{"field":"age","value":"40","quote":"Ann is 40","corrects":""}]}],
    "locations":[],"objects":[],"themes":[],"plot_points":[],"open_questions":[],
    "story":[],"renames":[],"retractions":[]}})");
  REQUIRE(script.say(other.value_or(Document())) == "");
  REQUIRE(count(script, "open_questions") == 2);
  std::string id;
  const auto shown = snapshot(script);
  for (const auto& question : *json::find(shown, "open_questions")) {
    if (json::string_at(question, "kind") == std::string_view("contradiction")) {
      id = json::string_at(question, "id").value_or("");
    }
  }
  CHECK(remove(script, id) == "");
  CHECK(count(script, "open_questions") == 1);
}

TEST_CASE("many proposals are decided at once, as one change") {
  DossierScript script;
  for (const auto* proposal : {"one", "two", "three"}) REQUIRE(tell(script, proposal) == "");
  CHECK(count(script, "characters") == 0);
  const std::vector<std::string> accepted = {"one", "two"};
  const std::vector<std::string> rejected = {"three"};
  const auto rows = dossier::decide(script.dossier, accepted, rejected, script.context());
  REQUIRE(rows);
  CHECK(rows->size() == 3);
  CHECK(script.take(rows) == "");
  CHECK(count(script, "characters") == 1);
  const auto proposals = json::parse(dossier::proposals_json(script.dossier)).value_or(Document());
  REQUIRE(proposals.size() == 3);
  CHECK(json::string_at(proposals[0], "status") == std::string_view("accepted"));
  CHECK(json::string_at(proposals[1], "status") == std::string_view("accepted"));
  CHECK(json::string_at(proposals[2], "status") == std::string_view("rejected"));
  // The same again changes nothing; one undo takes all of it back.
  const auto again = dossier::decide(script.dossier, accepted, rejected, script.context());
  REQUIRE(again);
  CHECK(again->empty());
  CHECK(script.take(dossier::undo(script.dossier, "", script.context())) == "");
  CHECK(count(script, "characters") == 0);
  CHECK(dossier::decide(script.dossier, {}, {}, script.context())->empty());
}

TEST_CASE("one proposal that is unknown or named twice, and nothing is decided") {
  DossierScript script;
  for (const auto* proposal : {"one", "two"}) REQUIRE(tell(script, proposal) == "");
  using List = std::vector<std::string>;
  const auto decide = [&](const List& accepted, const List& rejected) {
    return dossier::decide(script.dossier, accepted, rejected, script.context());
  };
  const auto unknown = decide({"one", "none", "two"}, {"", "nobody"});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::not_found);
  CHECK(faults_of(unknown) == List{"accept[1]", "reject[0]", "reject[1]"});
  const auto twice = decide({"one", "two", "one"}, {"two"});
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == ErrorCode::invalid_request);
  CHECK(faults_of(twice) == List{"accept[2]", "reject[0]"});
  CHECK(count(script, "characters") == 0);
}

#include <doctest/doctest.h>
#include <cstdio>
#include <cstdlib>
#include "shared/dossier/log.hpp"
#include "tests/unit/dossier_random.hpp"
using namespace fabula;
using json::Document;
TEST_CASE("zz") {
  tests::RandomStory story(std::strtoull(std::getenv("SEED"), nullptr, 10));
  tests::DossierScript script;
  play_random(story, script, 2 + story.below(6));
  auto wanted = json::parse(script.snapshot()).value_or(Document());
  for (auto& character : *json::find(wanted, "characters")) {
    auto& members = *character.get_ptr<Document::object_t*>();
    if (story.by_chance(3)) members["age"] = "77";
    if (story.by_chance(3)) members.erase("occupation");
    if (story.by_chance(3)) members["aliases"] = Document::array_t{"Nobody Else"};
    if (story.by_chance(4)) members["description"] = "";
  }
  json::find(wanted, "characters")->get_ptr<Document::array_t*>()->emplace_back(story.name());
  *json::find(wanted, "themes") = Document::array_t{"One", "Two"};
  for (auto& r : script.rows) std::printf("%s %s\n", r.id.substr(0, 16).c_str(), r.body.c_str());
  std::printf("BEFORE %s\n", script.snapshot().c_str());
  std::printf("WANTED %s\n", json::dump(wanted).c_str());
  auto n = script.rows.size();
  script.take(dossier::replace(script.dossier, wanted, script.context()));
  for (; n < script.rows.size(); ++n)
    std::printf("%s %s\n", script.rows[n].id.substr(0, 16).c_str(), script.rows[n].body.c_str());
  std::printf("AFTER %s\n", script.snapshot().c_str());
}

#include <doctest/doctest.h>
#include <cstdio>
#include <cstdlib>
#include "shared/dossier/log.hpp"
#include "tests/unit/dossier_random.hpp"
using namespace fabula;
using json::Document;
using tests::DossierScript; using tests::RandomStory; using tests::RandomPerson;
static std::size_t printed = 0;
static void show(DossierScript& script, const char* what) {
  for (; printed < script.rows.size(); ++printed) std::printf("%s %s\n", script.rows[printed].id.substr(0,16).c_str(), script.rows[printed].body.c_str());
  std::printf("%s %s\n", what, script.snapshot().c_str());
}
TEST_CASE("zz") {
  const auto seed = std::strtoull(std::getenv("SEED"),nullptr,10);
  tests::RandomStory story(seed); tests::DossierScript script;
  play_random(story, script, 2 + story.below(6));
  show(script, "PLAYED");
  {
  const auto rows_before = script.rows.size();
  RandomPerson(story, script).act();
  show(script, "ACT");
  if (script.rows.size() != rows_before && script.rows.back().body.find(R"("do":"undo")") == std::string::npos) {
  script.take(dossier::undo(script.dossier, "", script.context())); show(script, "UNDO");
  script.take(dossier::redo(script.dossier, "", script.context())); show(script, "REDO");
  script.take(dossier::undo(script.dossier, "", script.context())); show(script, "UNDO");
  }
  }
  const auto& characters = script.dossier.state().characters;
  if (characters.size() >= 2) {
  const auto first = story.below(characters.size());
  const auto second = (first + 1 + story.below(characters.size() - 1)) % characters.size();
  std::vector<std::string> ids;
  std::vector<std::vector<std::string>> parts;
  for (const auto place : {first, second}) {
    ids.push_back(dossier::reference_text(characters[place].id));
    auto& part = parts.emplace_back();
    for (const auto mention : characters[place].mentions) part.push_back(dossier::digest_text(script.dossier.entries()[mention].id));
  }
  script.take(dossier::merge_characters(script.dossier, ids, true, script.context())); show(script, "MERGED");
  script.take(dossier::split(script.dossier, ids[0], parts, script.context())); show(script, "SPLIT");
  }
  std::printf("EDITS\n");
  for (auto count = 1 + story.below(2); count > 0; --count) {
    const std::string id = RandomPerson(story, script).some_id(), field = std::string(story.field());
    if (id.empty()) return;
    const auto value0 = "mine " + std::to_string(count);
    Document value(value0);
    if (field == "traits") value = Document::array_t{value0};
    const Document::object_t character{{"id", id}, {field, value}};
    script.take(dossier::merge(script.dossier, Document::object_t{{"characters", Document::array_t{character}}}, script.context())); show(script, "EDITED");
  }
  for (auto count = 1 + story.below(3); count > 0; --count) {
    if (story.by_chance(3)) RandomPerson(story, script).move_path(); else script.say(story.message());
    show(script, "SAID");
  }
}

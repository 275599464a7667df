#include "shared/jobs/dossier_import.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "shared/dossier/read/history.hpp"
#include "shared/dossier/read/provenance.hpp"
#include "shared/dossier/read/snapshot.hpp"

using namespace fabula;
using json::Document;

namespace {

constexpr std::string_view kText =
    "# One\n\nMara came home. She was thirty. Her sister Nora waited.\nThe sea was her fate.";

jobs::ImportWork work(std::int64_t step = 1) {
  return {.job_id = "t",
          .project_id = "p",
          .chapter = 3,
          .chapter_title = "One",
          .text = kText,
          .before = {},
          .step = step,
          .begun_at_ms = 1000};
}

const std::string_view kAnswer = R"({
  "characters": [
    {"name": "Mara", "aliases": [], "quote": "Mara came home.",
     "fields": [{"field": "age", "value": "30", "quote": "She was thirty.", "corrects": ""}],
     "relationships": [
       {"relation": "sister", "to": "Nora", "quote": "Her sister Nora waited.", "corrects": ""}]},
    {"name": "Nora", "aliases": [], "quote": "Nora waited", "fields": [], "relationships": []},
    {"name": "Ghost", "aliases": [], "quote": "A ghost.", "fields": [], "relationships": []}],
  "locations": [], "objects": [],
  "themes": [{"text": "Fate", "quote": "her fate"}], "plot_points": [], "open_questions": [],
  "story": [], "renames": [], "retractions": []})";

jobs::ProposedEntries proposed(std::int64_t step = 1) {
  auto found = jobs::proposed_entries(*json::parse(kAnswer), work(step), "scripted:model");
  REQUIRE(found);
  return std::move(*found);
}

std::string proposal_of(const jobs::ProposedEntries& found, std::size_t row) {
  return std::string(*json::string_at(*json::parse(found.rows.at(row).body), "proposal"));
}

dossier::Dossier dossier_of(const jobs::ProposedEntries& found, std::string_view accepted) {
  dossier::Dossier dossier;
  std::vector<dossier::Entry> entries;
  for (const auto& row : found.rows) entries.push_back(*dossier::parse_entry(row));
  if (!accepted.empty()) {
    const Document body = Document::object_t{{"do", "accept"},
                                             {"at", 2000},
                                             {"operation", "00000000-0000-4000-8000-000000000000"},
                                             {"proposal", accepted}};
    const auto row = dossier::make_row("p", dossier::EntryKind::confirmed, {}, body);
    entries.push_back(*dossier::parse_entry(*row));
  }
  dossier.add(std::move(entries));
  return dossier;
}

}  // namespace

TEST_CASE("an entity is one proposal with its facts, and so is each item") {
  const auto found = proposed();
  // Mara and her age and sister; Nora; the theme. The ghost's quote is not in the text.
  REQUIRE(found.rows.size() == 5);
  CHECK(found.proposals.size() == 3);
  for (const auto& row : found.rows) {
    const auto body = *json::parse(row.body);
    CHECK(row.message_id.empty());
    CHECK(json::string_at(body, "delivery") == "t:1");
    CHECK(json::integer_at(body, "at") == 1000);
    const auto* source = json::find(body, "source");
    const auto begin = static_cast<std::size_t>(*json::integer_at(*source, "begin"));
    const auto end = static_cast<std::size_t>(*json::integer_at(*source, "end"));
    CHECK(json::string_at(body, "quote") == kText.substr(begin, end - begin));
  }
}

TEST_CASE("the same answer makes the same entries; a later step adds to the same proposals") {
  const auto first = proposed();
  const auto again = proposed();
  REQUIRE(first.rows.size() == again.rows.size());
  for (std::size_t i = 0; i < first.rows.size(); ++i) CHECK(first.rows[i].id == again.rows[i].id);
  const auto later = proposed(2);
  CHECK(later.proposals == first.proposals);
  CHECK(later.rows[0].id != first.rows[0].id);
  CHECK(json::integer_at(*json::parse(later.rows[0].body), "at") == 1001);
}

TEST_CASE("nothing is shown before it is accepted, and then that alone") {
  const auto found = proposed();
  auto nothing = dossier_of(found, {});
  const auto empty = *json::parse(snapshot_json(nothing));
  CHECK(json::find(empty, "characters")->empty());
  CHECK(json::find(empty, "themes")->empty());

  auto accepted = dossier_of(found, proposal_of(found, 0));
  const auto shown = *json::parse(snapshot_json(accepted));
  REQUIRE(json::find(shown, "characters")->size() == 1);
  CHECK(json::string_at((*json::find(shown, "characters"))[0], "name") == "Mara");
  CHECK(json::string_at((*json::find(shown, "characters"))[0], "age") == "30");
  CHECK(json::find(shown, "themes")->empty());
}

TEST_CASE("what the database tells of a step is read, or refused") {
  constexpr std::string_view kWork =
      R"({"job_id":"t","project_id":"p","chapter_title":null,"text":"a","before":"b","step":2,)"
      R"("created_at":5})";
  const auto document = *json::parse(kWork);
  const auto read = jobs::read_import_work(document);
  REQUIRE(read);
  CHECK(read->chapter_title.empty());
  CHECK(read->step == 2);
  CHECK(read->begun_at_ms == 5);
  for (const auto* key : {"job_id", "project_id", "text", "before", "step", "created_at"}) {
    auto lacking = document;
    lacking.erase(key);
    CHECK_FALSE(jobs::read_import_work(lacking));
  }
}

TEST_CASE("a step in the middle of a chapter is read with the chapter's title") {
  dossier::Dossier dossier;
  auto step = work();
  CHECK(jobs::import_question(step, dossier).find("One") ==
        jobs::import_question(step, dossier).rfind("One"));
  step.text = "She went on.";
  step.before = "Mara came home.";
  const auto question = jobs::import_question(step, dossier);
  CHECK(question.find("One") < question.find("She went on."));
  CHECK(question.find("Mara came home.") < question.find("She went on."));
}

TEST_CASE("facts and proposals tell the import and the chapter that they were found in") {
  constexpr std::string_view kTask = "0b0e7a52-0000-4000-8000-00000000000a";
  auto step = work();
  step.job_id = kTask;
  const auto told = [&](const jobs::ImportWork& of) {
    const auto found = jobs::proposed_entries(*json::parse(kAnswer), of, "scripted:model");
    REQUIRE(found);
    auto dossier = dossier_of(*found, found->proposals.front());
    const auto facts = *json::parse(dossier::provenance_json(dossier));
    REQUIRE(facts.size() >= 2);
    for (const auto& fact : facts) {
      CHECK(*json::find(fact, "import") == *json::find(facts[0], "import"));
      CHECK(json::find(fact, "message_id")->is_null());
    }
    const auto proposals = *json::parse(dossier::proposals_json(dossier));
    const auto& entry = (*json::find(proposals[0], "entries"))[0];
    CHECK(*json::find(entry, "import") == *json::find(facts[0], "import"));
    return json::dump(*json::find(facts[0], "import"));
  };
  CHECK(told(step) ==
        R"({"chapter":3,"chapter_title":"One","task_id":")" + std::string(kTask) + R"("})");
  step.chapter = 0;
  step.chapter_title = {};
  CHECK(told(step) ==
        R"({"chapter":null,"chapter_title":null,"task_id":")" + std::string(kTask) + R"("})");
  // A title as long as the database has them is cut, and its entries can be read.
  step.chapter = 1;
  const std::string title(800, 'x');
  step.chapter_title = title;
  CHECK(told(step).find(std::string(400, 'x') + "\"") != std::string::npos);
}

#include "shared/dossier/read/told_facts.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/extract/extraction.hpp"

using namespace fabula;

namespace {

constexpr std::string_view kProject = "00000000-0000-4000-8000-000000000001";

// Adds one message's facts.
void tell(dossier::Dossier& dossier, int number, std::string_view text, std::string_view answer) {
  const auto message_id = "00000000-0000-4000-8000-0000000000" + std::to_string(10 + number);
  const auto extraction =
      dossier::entries_from_answer(*json::parse(answer), {.project_id = kProject,
                                                          .message_id = message_id,
                                                          .text = text,
                                                          .begin = 0,
                                                          .end = text.size(),
                                                          .at = number,
                                                          .model = "m",
                                                          .prompt = "p"});
  CAPTURE(extraction ? std::string() : extraction.error().detail);
  REQUIRE(extraction);
  std::vector<dossier::Entry> entries;
  for (const auto& row : extraction->rows) entries.push_back(*dossier::parse_entry(row));
  dossier.add(std::move(entries));
}

json::Document told(dossier::Dossier& dossier,
                    std::size_t budget_bytes = dossier::kMaximumToldBytes) {
  const auto facts = json::parse(dossier::told_facts_json(dossier, budget_bytes));
  REQUIRE(facts);
  // The text is its lines, and its facts theirs.
  std::string text;
  std::set<std::string> ids;
  for (const auto& line : (*facts)["lines"]) {
    text.append(text.empty() ? "- " : "\n- ");
    for (const auto& part : line["parts"]) {
      text.append(*json::string_at(part, "text"));
      for (const auto& fact : part["facts"]) ids.insert(fact[0].get_ref<const std::string&>());
    }
  }
  CHECK(json::string_at(*facts, "text") == text);
  std::set<std::string> told_ids;
  for (const auto& id : (*facts)["fact_ids"]) told_ids.insert(id.get_ref<const std::string&>());
  CHECK(ids == told_ids);
  CHECK(text.size() <= budget_bytes);
  return *facts;
}

std::string text(dossier::Dossier& dossier, std::size_t budget_bytes = dossier::kMaximumToldBytes) {
  return std::string(*json::string_at(told(dossier, budget_bytes), "text"));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr std::string_view kMara = R"({"characters":[{"name":"Mara","aliases":["the Keeper"],
  "quote":"Mara","fields":[{"field":"age","value":"34","quote":"34","corrects":""},
    {"field":"eye_colour","value":"green","quote":"green","corrects":""}],
  "relationships":[]}],
  "locations":[{"name":"the lighthouse","aliases":[],"description":"","quote":"lighthouse"}]})";

}  // namespace

TEST_CASE("an empty dossier has nothing to tell") {
  dossier::Dossier dossier;
  const auto facts = told(dossier);
  CHECK(json::string_at(facts, "text") == "");
  CHECK(facts["lines"].empty());
}

TEST_CASE("people are told with all that is known of them, and each part knows its message") {
  dossier::Dossier dossier;
  tell(dossier, 1, "Mara, the Keeper, is 34 with green eyes, in a lighthouse.", kMara);
  const auto facts = told(dossier);
  const auto all = std::string(*json::string_at(facts, "text"));
  CHECK(has(all, "- character: Mara; also called the Keeper; age: 34; eye colour: green"));
  CHECK(has(all, "- place: the lighthouse"));
  for (const auto& line : facts["lines"]) {
    for (const auto& part : line["parts"]) {
      for (const auto& fact : part["facts"]) {
        CHECK(fact[1] == "00000000-0000-4000-8000-000000000011");
      }
    }
  }
}

TEST_CASE("what the story lacks is told, once it has begun") {
  dossier::Dossier dossier;
  tell(dossier, 1, "Mara, the Keeper, is 34 with green eyes, in a lighthouse.", kMara);
  auto all = text(dossier);
  CHECK(has(all, "The story still lacks: what happens, what its main character wants"));
  CHECK_FALSE(has(all, "who it is about"));
  tell(dossier, 2, "Mara learns to forgive. The light goes out. A ghost story.",
       R"({"characters":[{"name":"Mara","aliases":[],"quote":"Mara","fields":[
            {"field":"character_arc","value":"learns to forgive","quote":"learns to forgive",
             "corrects":""}],"relationships":[]}],
           "plot_points":[{"text":"The light goes out","quote":"The light goes out","corrects":"",
                           "instead_of":""}],
           "story":[{"field":"genre","value":"ghost story","quote":"ghost story","corrects":""}]})");
  all = text(dossier);
  CHECK_FALSE(has(all, "still lacks"));
  CHECK(has(all, "genre: ghost story"));
  CHECK(has(all, "plot: The light goes out"));
}

TEST_CASE("what contradicts itself is told first, with the wish to ask") {
  dossier::Dossier dossier;
  tell(dossier, 1, "Mara, the Keeper, is 34 with green eyes, in a lighthouse.", kMara);
  tell(dossier, 2, "Mara is 40.",
       R"({"characters":[{"name":"Mara","aliases":[],"quote":"Mara","fields":[
            {"field":"age","value":"40","quote":"is 40","corrects":""}],"relationships":[]}]})");
  const auto all = text(dossier);
  CHECK(all.starts_with("- Undecided: "));
  CHECK(has(all, "Ask which is right"));
}

TEST_CASE("the budget holds whole parts, and lines are one line") {
  dossier::Dossier dossier;
  std::string answer = R"({"characters":[)";
  std::string said;
  for (int number = 0; number < 300; ++number) {
    const auto name = "Person " + std::to_string(number);
    said.append(name).append(". ");
    answer.append(number == 0 ? "" : ",");
    answer.append(R"({"name":")" + name + R"(","aliases":[],"quote":")" + name +
                  R"(","fields":[{"field":"description","value":"one\nand\n- two )" +
                  std::string(700, 'x') + R"(","quote":")" + name +
                  R"(","corrects":""}],"relationships":[]})");
  }
  tell(dossier, 1, said, answer + "]}");
  const auto all = text(dossier);
  CHECK(all.size() > dossier::kMaximumToldBytes / 2);
  CHECK(has(all, "one and - two xxx"));
  CHECK_FALSE(has(all, "\nand"));
  for (const std::size_t budget : {0U, 1U, 10U, 100U, 1000U}) text(dossier, budget);
}

// Input that no model and no person of good will sends.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/dossier/fold/questions.hpp"
#include "shared/dossier/read/diff.hpp"
#include "shared/dossier/read/prompt_facts.hpp"
#include "tests/unit/dossier_script.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;
using json::Document;
using tests::DossierScript;

namespace {

dossier::ExtractionSource source_of(std::string_view text) {
  dossier::ExtractionSource source;
  source.project_id = DossierScript::kProject;
  source.message_id = "message-1";
  source.text = text;
  source.end = text.size();
  source.at = 1;
  return source;
}

// Every query of a dossier can be answered.
void ask_all(dossier::Dossier& dossier) {
  for (const auto& text : {dossier::snapshot_json(dossier), dossier::provenance_json(dossier),
                           dossier::history_json(dossier), dossier::questions_json(dossier),
                           dossier::proposals_json(dossier)}) {
    CHECK(json::parse(text));
  }
  CHECK(dossier::facts_for_prompt(dossier, 500).text.size() <= 500);
}

Document character(std::string_view name, std::string_view quote) {
  return Document::object_t{{"name", name}, {"quote", quote}, {"aliases", Document::array_t()}};
}

}  // namespace

TEST_CASE("an answer of 5,000 characters is cut to what one answer may bring") {
  std::string text;
  Document::array_t characters;
  for (int i = 0; i < 5000; ++i) {
    const auto name = "Person" + std::to_string(i);
    text += name + " ";
    auto one = character(name, name);
    one["fields"] = Document::array_t{
        Document::object_t{{"field", "age"}, {"value", std::to_string(i)}, {"quote", name}}};
    characters.push_back(std::move(one));
  }
  const auto made = dossier::entries_from_answer(
      Document::object_t{{"characters", std::move(characters)}}, source_of(text));
  REQUIRE(made);
  CHECK(made->rows.size() <= dossier::kMaximumDeliveryEntries);
  CHECK(made->malformed == 5000 - dossier::kMaximumAnswerItems);
  dossier::Dossier dossier;
  dossier.add(tests::parsed(made->rows));
  CHECK(dossier.state().entities(dossier::story::kCharacter).size() ==
        dossier::kMaximumAnswerItems);
  ask_all(dossier);
}

TEST_CASE("5,000 characters of many answers are kept, and told") {
  dossier::Dossier dossier;
  for (int message = 0; message < 50; ++message) {
    std::string text;
    Document::array_t characters;
    for (int i = 0; i < 100; ++i) {
      const auto name = "Name" + std::to_string(100 * message + i) + "x";
      text += name + " ";
      characters.push_back(character(name, name));
    }
    auto source = source_of(text);
    const auto id = "message-" + std::to_string(message);
    source.message_id = id;
    const auto made = dossier::entries_from_answer(
        Document::object_t{{"characters", std::move(characters)}}, source);
    REQUIRE(made);
    dossier.add(tests::parsed(made->rows));
  }
  CHECK(dossier.state().entities(dossier::story::kCharacter).size() == 5000);
  CHECK(json::parse(dossier::snapshot_json(dossier)));
}

TEST_CASE("names in every script, with combining marks, right to left, and of no letters") {
  const std::vector<std::string> names{"Ἀχιλλεύς",
                                       "שָׂרָה",
                                       "محمّد بن عبد الله",
                                       "कृष्णा",
                                       "ขวัญ",
                                       "김민준",
                                       "さくら",
                                       "王小明",
                                       "Ğüneş İnci",
                                       "Zoe\u0308",
                                       "\u202Eevil\u202C",
                                       "🦊🦊",
                                       "ﬁﬀ",
                                       "O’Brien-Smith",
                                       "...",
                                       "-",
                                       "𝕬𝖓𝖓",
                                       "\u200B\u200B",
                                       "A\u0301\u0302\u0303\u0304\u0305"};
  for (const auto& name : names) {
    CAPTURE(name);
    const auto text = "Here is " + name + ", you see.";
    const auto made = dossier::entries_from_answer(
        Document::object_t{{"characters", Document::array_t{character(name, name)}}},
        source_of(text));
    REQUIRE(made);
    dossier::Dossier dossier;
    dossier.add(tests::parsed(made->rows));
    CHECK(made->rows.size() <= 1);
    if (!made->rows.empty())
      CHECK(dossier.state().entities(dossier::story::kCharacter).size() == 1);
    ask_all(dossier);
  }
}

TEST_CASE("answers of wrong types are refused or left out, never more") {
  const std::vector<std::string> wrong{
      "null",
      "[]",
      "\"text\"",
      "3",
      "true",
      R"({"characters":{}})",
      R"({"characters":[1,null,"x",[]]})",
      R"({"characters":[{"name":5}]})",
      R"({"characters":[{"name":"Ann","quote":["Ann"]}]})",
      R"({"characters":[{"name":"Ann","quote":"Ann","aliases":"Annie","fields":{"age":3}}]})",
      R"({"characters":[{"name":"Ann","quote":"Ann","fields":[{"field":"age","value":30,"quote":"Ann"},
          {"field":"id","value":"x","quote":"Ann"},{"field":"name","value":"x","quote":"Ann"}]}]})",
      R"({"retractions":[{"type":"dragon","name":"Ann","quote":"Ann"},{"type":"character","quote":"Ann"}]})",
      R"({"renames":[{"from":"Ann","to":"Ann","quote":"Ann"}],"story":[{"field":"age","value":"1","quote":"Ann"}]})"};
  for (const auto& text : wrong) {
    CAPTURE(text);
    const auto answer = json::parse(text);
    REQUIRE(answer);
    const auto made = dossier::entries_from_answer(*answer, source_of("Ann."));
    if (!answer->is_object()) {
      REQUIRE_FALSE(made);
      CHECK(made.error().code == ErrorCode::provider_malformed);
      continue;
    }
    REQUIRE(made);
    CHECK(made->rows.size() <= 1);
    CHECK(made->malformed + made->without_quote + made->without_value > 0);
  }
}

TEST_CASE("huge texts are left out, and quotes that are nowhere") {
  const std::string huge(1'000'000, 'x');
  const auto text = "Ann " + huge.substr(0, 900'000);
  auto one = character("Ann", "Ann");
  one["aliases"] = Document::array_t{huge};
  one["fields"] = Document::array_t{
      Document::object_t{{"field", "description"}, {"value", huge}, {"quote", "Ann"}},
      Document::object_t{{"field", "age"}, {"value", "30"}, {"quote", huge}},
      Document::object_t{{"field", "age"}, {"value", "30"}, {"quote", "Ann is thirty"}},
      Document::object_t{{"field", "age"}, {"value", "30"}, {"quote", ""}},
      Document::object_t{{"field", "age"}, {"value", "30"}, {"quote", " ... "}}};
  const auto made = dossier::entries_from_answer(
      Document::object_t{
          {"characters", Document::array_t{one, character(huge, "Ann"), character("Bob", "Bob")}}},
      source_of(text));
  REQUIRE(made);
  CHECK(made->rows.size() == 1);
  CHECK(made->without_quote == 5);
  CHECK(made->without_value == 2);
  CHECK_FALSE(dossier::entries_from_answer(Document::object_t(), source_of(huge + huge)));
  auto beyond = source_of("Ann.");
  beyond.end = 99;
  CHECK_FALSE(dossier::entries_from_answer(Document::object_t(), beyond));
}

TEST_CASE("rows that are no entries are counted and left out") {
  CHECK_FALSE(dossier::parse_rows("{}"));
  CHECK_FALSE(dossier::parse_rows("[1]"));
  CHECK_FALSE(dossier::parse_rows("[{]"));
  const std::string id(64, 'a');
  const auto row = [&](std::string_view kind, std::string_view body) {
    return R"([{"assertion_id":")" + id + R"(","kind":")" + std::string(kind) +
           R"(","message_id":null,"position":7,"body":)" + std::string(body) + "}]";
  };
  for (
      const auto& [kind, body] : std::vector<std::pair<std::string, std::string>>{
          {"user", R"({"do":"set"})"},
          {"user", R"({"do":"mention","type":"character","name":"Ann","delivery":"d","ref":"r"})"},
          {"extracted", R"({"do":"set","target":"story","field":"title","value":"x"})"},
          {"extracted", R"({"do":"mention","type":"character","name":5,"delivery":"d","ref":"r"})"},
          {"extracted",
           R"({"do":"fact","type":"character","delivery":"d","ref":"r","field":"A b","value":"x"})"},
          {"user", R"({"do":"undo","entries":["xyz"]})"},
          {"user", R"({"do":"undo","entries":[]})"},
          {"user", R"({"do":"split","target":"aaaaaaaaaaaaaaaa","parts":[["aaaaaaaaaaaaaaaa"]]})"},
          {"user", R"({"do":"set","target":"story","field":"title","value":"x","at":-5})"},
          {"user", R"({"do":"set","target":"story","field":"title","value":"x","at":1.5})"},
          {"nobody", R"({"do":"undo"})"}}) {
    CAPTURE(body);
    const auto parsed = dossier::parse_rows(row(kind, body));
    REQUIRE(parsed);
    CHECK(parsed->entries.empty());
    CHECK(parsed->unreadable == 1);
    CHECK(parsed->last_position == 7);
  }
  const auto later = dossier::parse_rows(row("user", R"({"do":"levitate","at":1})"));
  REQUIRE(later);
  REQUIRE(later->entries.size() == 1);
  dossier::Dossier dossier;
  CHECK(dossier.add(later->entries) == 1);
  ask_all(dossier);
}

TEST_CASE("undos that name each other, and other circles, end") {
  const auto entry = [](char digit, const std::string& body) {
    const auto made =
        dossier::parse_entry({std::string(64, digit), dossier::EntryKind::user, "", body});
    REQUIRE(made);
    return *made;
  };
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  dossier::Dossier dossier;
  dossier.add(
      {entry('a', R"({"do":"undo","entries":[")" + b + R"("],"at":1})"),
       entry('b', R"({"do":"undo","entries":[")" + a + R"("],"at":2})"),
       entry('c', R"({"do":"undo","entries":[")" + std::string(64, 'c') + R"("],"at":2})"),
       entry('d',
             R"({"do":"set","target":"story","field":"title","value":"A","at":3,"replaces":[")" +
                 std::string(64, 'e') + R"("]})"),
       entry('e',
             R"({"do":"set","target":"story","field":"title","value":"B","at":4,"replaces":[")" +
                 std::string(64, 'd') + R"("]})")});
  ask_all(dossier);
  CHECK(json::string_at(*json::parse(dossier::snapshot_json(dossier)), "title") == "B");
}

TEST_CASE("bodies with a few bytes changed never do harm") {
  DossierScript script;
  const auto answer = json::parse(
      R"({"characters":[{"name":"Ann","aliases":["Annie"],"quote":"Ann","fields":[{"field":"age","value":"30","quote":"30","corrects":"no"}],
          "relationships":[{"relation":"sister","to":"Tom","quote":"Tom"}]},{"name":"Tom","quote":"Tom"}],"themes":[{"text":"Loss","quote":"Loss"}]})");
  REQUIRE(answer);
  script.say(Document::object_t{{"say", "Ann, no, 30, Tom. Loss."}, {"answer", *answer}});
  script.take(dossier::merge(
      script.dossier,
      Document::object_t{
          {"characters", Document::array_t{Document::object_t{{"name", "Ann"}, {"age", "31"}}}}},
      script.context()));
  std::vector<std::string> bodies;
  for (const auto& row : script.rows) bodies.push_back(row.body);
  tests::Mutations mutations(bodies);
  for (int round = 0; round < 5000; ++round) {
    const auto body = mutations.next();
    auto row = script.rows[mutations.below(script.rows.size())];
    row.body = body;
    row.id = dossier::digest_text(dossier::sha256(body));
    dossier::Dossier dossier;
    dossier.add(tests::parsed(script.rows));
    dossier.add(tests::parsed({row}));
    ask_all(dossier);
  }
}

TEST_CASE("bodies of requests that are wrong say where") {
  dossier::Dossier dossier;
  const dossier::EditContext context{DossierScript::kProject, "operation", 1};
  for (const auto& [body, path] : std::vector<std::pair<std::string, std::string>>{
           {R"([])", ""},
           {R"({"characters":3})", "characters"},
           {R"({"characters":[3]})", "characters[0]"},
           {R"({"characters":[{"age":"3"}]})", "characters[0]"},
           {R"({"characters":[{"name":""}]})", "characters[0].name"},
           {R"({"characters":[{"name":"A","Bad Key":"x"}]})", "characters[0].Bad Key"},
           {R"({"characters":[{"name":"A","title":"x"}]})", "characters[0].title"},
           {R"({"characters":[{"name":"A","traits":[3]}]})", "characters[0].traits"},
           {R"({"themes":[[]]})", "themes[0]"},
           {R"({"title":[]})", "title"}}) {
    CAPTURE(body);
    const auto rows = dossier::replace(dossier, *json::parse(body), context);
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == ErrorCode::invalid_request);
    REQUIRE(rows.error().errors.size() == 1);
    CHECK(rows.error().errors.front().path == path);
  }
  Document::array_t many;
  for (int i = 0; i < 1500; ++i) many.emplace_back("Person " + std::to_string(i) + "x");
  const auto rows = dossier::replace(dossier, Document::object_t{{"characters", many}}, context);
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::body_too_large);
  const std::string long_text(dossier::kMaximumTextBytes + 1, 'x');
  CHECK_FALSE(dossier::merge(dossier, Document::object_t{{"title", long_text}}, context));
  CHECK(dossier::merge(dossier, Document::object_t{{"title", long_text.substr(1)}}, context));
}

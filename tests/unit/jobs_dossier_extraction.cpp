#include "shared/jobs/dossier_extraction.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/read/snapshot.hpp"
#include "shared/dossier/read/told_facts.hpp"

using namespace fabula;
using json::Document;

namespace {

const std::string kProject = "00000000-0000-4000-8000-000000000001";

std::string message_id(int number) {
  return "00000000-0000-4000-8000-00000000001" + std::to_string(number);
}

struct Said {
  std::string_view role;
  std::string_view text;
  std::size_t from_byte = 0;
};

Document parts(const std::vector<Said>& said, int first_number) {
  Document list = Document::array();
  for (const auto& each : said) {
    list.push_back({{"message_id", message_id(first_number++)},
                    {"role", std::string(each.role)},
                    {"text", std::string(each.text)},
                    {"from_byte", each.from_byte},
                    {"created_at", 1'000 * first_number}});
  }
  return list;
}

// The extractor's input, and the result of its answer.
struct Reading {
  Document document;
  jobs::ExtractionWork work;

  explicit Reading(const std::vector<Said>& messages, const std::vector<Said>& before = {}) {
    document = {{"project_id", kProject},
                {"messages", parts(messages, 5)},
                {"before", parts(before, 5 - static_cast<int>(before.size()))}};
    auto read = jobs::read_extraction_work(document);
    REQUIRE(read);
    work = *read;
  }

  jobs::ExtractedEntries entries(std::string_view answer) const {
    const auto parsed = json::parse(answer);
    REQUIRE(parsed);
    return entries_of(*parsed);
  }
  jobs::ExtractedEntries entries_of(const Document& answer) const {
    auto found = jobs::extracted_entries(answer, work, "local:scripted");
    REQUIRE(found);
    return *found;
  }
};

dossier::Dossier fold(const jobs::ExtractedEntries& found) {
  dossier::Dossier folded;
  std::vector<dossier::Entry> entries;
  for (const auto& row : found.rows) {
    auto entry = dossier::parse_entry(row);
    REQUIRE(entry);
    entries.push_back(std::move(*entry));
  }
  folded.add(std::move(entries));
  return folded;
}

Document snapshot(const jobs::ExtractedEntries& found) {
  auto folded = fold(found);
  const auto told = json::parse(dossier::told_facts_json(folded));
  REQUIRE(told);
  auto read = json::parse(dossier::snapshot_json(folded));
  REQUIRE(read);
  return *read;
}

std::string character(std::string_view name, std::string_view quote, std::string_view fields = {}) {
  return std::string(R"({"name":")")
      .append(name)
      .append(R"(","aliases":[],"quote":")")
      .append(quote)
      .append(R"(","fields":[)")
      .append(fields)
      .append(R"(],"relationships":[]})");
}

std::string age(std::string_view value, std::string_view quote, std::string_view corrects = {}) {
  return std::string(R"({"field":"age","value":")")
      .append(value)
      .append(R"(","quote":")")
      .append(quote)
      .append(R"(","corrects":")")
      .append(corrects)
      .append(R"("})");
}

std::string people(const std::vector<std::string>& characters) {
  std::string answer = R"({"characters":[)";
  for (const auto& each : characters) answer.append(answer.back() == '[' ? "" : ",").append(each);
  return answer.append("]}");
}

}  // namespace

TEST_CASE("each entry says which message it is quoted from, and where in the whole of it") {
  const Reading reading({{"user", "Élan: Mara is 34.", 7}, {"assistant", "Does she like boats?"}});
  const auto found = reading.entries(
      people({character("Mara", "Mara", age("34", "Mara is 34") + "," + age("35", "she is 35"))}));
  CHECK(found.items_found == 3);
  CHECK(found.items_kept == 2);
  CHECK(found.items_without_quote == 1);
  REQUIRE(found.rows.size() == 2);
  for (const auto& row : found.rows) CHECK(row.message_id == message_id(5));
  const auto body = *json::parse(found.rows[1].body);
  CHECK(body["do"] == "fact");
  CHECK(body["quote"] == "Mara is 34");
  CHECK(body["source"]["begin"] == 7 + 7);
  CHECK(body["source"]["end"] == 7 + 17);
  CHECK(body["model"] == "local:scripted");
  CHECK(body["at"] == 6000);
}

TEST_CASE("the same answer gives the same entries, whatever is found in between") {
  const Reading reading({{"user", "Mara is 34."}, {"assistant", "And Tom?"}});
  const auto answer =
      people({character("Mara", "Mara", age("34", "Mara is 34")), character("Tom", "Tom")});
  const auto one = reading.entries(answer);
  const auto other = reading.entries(answer);
  REQUIRE(one.rows.size() == 3);
  for (std::size_t i = 0; i < one.rows.size(); ++i) CHECK(one.rows[i].id == other.rows[i].id);
}

TEST_CASE("what nobody has said is dropped: invented, said before, or of instructions") {
  const Reading reading({{"user", "Go to the sea."}}, {{"user", "Mara is 34."}});
  for (const char* quote : {"Mara is 34", "Mara is 35", "", " ", "...", "\\u0000", "project_id"}) {
    CHECK(reading.entries(people({character("Mara", quote)})).rows.empty());
  }
}

TEST_CASE("what the person agrees to is quoted from the suggestion; nothing else of before is") {
  const std::vector<Said> before = {{"user", "Who is with her?"},
                                    {"assistant", "Perhaps a brother, Tom, who is 30?"}};
  const auto answer = people({character("Tom", "a brother, Tom", age("30", "who is 30"))});
  const Reading yes({{"user", "Yes!"}}, before);
  const auto agreed = yes.entries(answer);
  REQUIRE(agreed.rows.size() == 2);
  for (const auto& row : agreed.rows) CHECK(row.message_id == message_id(4));

  // A quote from the new text is not taken from the old one.
  const Reading told({{"user", "Yes, Tom, who is 30."}}, before);
  const auto quoted = told.entries(people({character("Tom", "Tom", age("30", "who is 30"))}));
  REQUIRE(quoted.rows.size() == 2);
  for (const auto& row : quoted.rows) CHECK(row.message_id == message_id(5));

  const Reading other({{"user", "Yes!"}}, {before[1], {"user", "Hm."}});
  CHECK(other.entries(answer).rows.empty());
  const Reading reply({{"assistant", "Fine."}}, before);
  CHECK(reply.entries(answer).rows.empty());
}

TEST_CASE("two people with one name stay two, whichever of the messages they are in") {
  const Reading reading({{"user", "John is 30."}, {"assistant", "Another John came, 50 he was."}});
  const auto found =
      reading.entries(people({character("John", "John is 30", age("30", "John is 30")),
                              character("John", "Another John came", age("50", "50 he was"))}));
  const auto shown = snapshot(found);
  REQUIRE(shown["characters"].size() == 2);
  CHECK(shown["characters"][0]["age"] == "30");
  CHECK(shown["characters"][1]["age"] == "50");
  CHECK(shown["open_questions"].empty());
}

TEST_CASE("names and values of every script are kept, however they were composed") {
  for (const std::string_view name :
       {"Mara", "Zoë",  "Zoe\xCC\x88", "Мария", "Δάφνη",       "שרה",    "سارة",
        "मीरा", "玛拉", "まな",        "마라",  "มารา",        "Մարիամ", "მარიამი",
        "ሰላም",  "தமிழ்", "ꦗꦮ",          "𐌰𐌽𐌰",   "👩‍🚀", "Z̸̡̛a̴l̷g̵o̸",  "\u202Eevil\u202C",
        "Ⅷ",    "ﬁona"}) {
    CAPTURE(name);
    const auto text = std::string(name) + " = 34.";
    const Reading reading({{"user", text}});
    const auto quote = std::string(name) + " = 34";
    const auto found = reading.entries(people({character(name, quote, age("34", "34"))}));
    REQUIRE(found.rows.size() == 2);
    const auto shown = snapshot(found);
    REQUIRE(shown["characters"].size() == 1);
    CHECK(json::string_at(shown["characters"][0], "age") == "34");
    const auto body = *json::parse(found.rows[0].body);
    const auto begin = static_cast<std::size_t>(*json::integer_at(body["source"], "begin"));
    const auto end = static_cast<std::size_t>(*json::integer_at(body["source"], "end"));
    CHECK(json::string_at(body, "quote") == std::string_view(text).substr(begin, end - begin));
  }
}

TEST_CASE("answers of any shape come to entries that can be read and folded, or to none") {
  const std::string text = "Mara is 34 and lives by the sea with her sister Nora.";
  const Reading reading({{"user", text}});
  const std::vector<std::string> values = {
      "null",
      "1",
      "-1e9",
      "true",
      "\"\"",
      "\"Mara\"",
      "[]",
      "{}",
      "[[[[]]]]",
      R"({"name":1})",
      R"([null,1,"x",[],{}])",
      R"([{"name":"Mara","quote":"Mara"}])",
      R"([{"name":{},"quote":[]}])",
      R"([{"text":"x","quote":"sea","instead_of":7}])",
      R"([{"field":"age","value":34,"quote":"34"}])",
      R"([{"from":"Mara","to":"Mara","quote":"Mara"}])",
      R"([{"from":"Mara","to":"Ana","quote":"Mara"}])",
      R"([{"type":"character","name":"Mara","field":"x","value":"","quote":"Mara"}])",
      R"([{"name":"Mara","aliases":"Nora","quote":"Mara","fields":{},"relationships":7}])",
      R"([{"name":"Mara","aliases":[1,null,"Nora","Nora",""],"quote":"Mara","fields":[[]],)"
      R"("relationships":[{"relation":"sister","to":"Mara","quote":"sister"}]}])"};
  const std::vector<std::string> keys = {"characters",  "locations",      "objects", "themes",
                                         "plot_points", "open_questions", "story",   "renames",
                                         "retractions", "unheard_of"};
  for (const auto& value : values) {
    for (const auto& key : keys) {
      CAPTURE(key);
      CAPTURE(value);
      snapshot(reading.entries("{\"" + key + "\":" + value + "}"));
    }
  }
  for (const char* answer : {"null", "[]", "1", "\"x\""}) {
    CHECK_FALSE(jobs::extracted_entries(*json::parse(answer), reading.work, "m"));
  }
}

TEST_CASE("thousands of people are as many as one answer may have, and the first of them") {
  std::string text;
  Document list = Document::array();
  for (int number = 0; number < 5000; ++number) {
    const auto name = "Person " + std::to_string(number) + "th";
    text.append(name).append(". ");
    list.push_back({{"name", name}, {"quote", name}, {"aliases", {"Everyone"}}});
  }
  const Reading reading({{"user", text}});
  const auto found = reading.entries_of(Document{{"characters", list}});
  CHECK(found.items_found == 5000);
  CHECK(found.items_kept == 400);
  CHECK(snapshot(found)["characters"].size() == 400);
}

TEST_CASE("work that is not what the database promises is an error, not a reading") {
  const Reading good({{"user", "Mara."}});
  for (const char* key : {"project_id", "messages", "before"}) {
    auto bad = good.document;
    bad.erase(key);
    CHECK_FALSE(jobs::read_extraction_work(bad));
    bad[key] = 7;
    CHECK_FALSE(jobs::read_extraction_work(bad));
  }
  for (const char* key : {"message_id", "role", "text", "from_byte", "created_at"}) {
    auto bad = good.document;
    bad["messages"][0].erase(key);
    CHECK_FALSE(jobs::read_extraction_work(bad));
  }
  auto negative = good.document;
  negative["messages"][0]["from_byte"] = -1;
  CHECK_FALSE(jobs::read_extraction_work(negative));
}

TEST_CASE("the extractor is told what is known, what was said before, and what is new") {
  const Reading first({{"user", "Mara, called the Keeper, is 34."}});
  auto known = fold(
      first.entries(R"({"characters":[{"name":"Mara","aliases":["the Keeper"],"quote":"Mara",)"
                    R"("fields":[{"field":"age","value":"34","quote":"is 34","corrects":""}]}]})"));
  const Reading next({{"user", "She has a dog."}, {"assistant", "Its name?"}},
                     {{"assistant", "And then?"}});
  const auto question = jobs::extraction_question(next.work, known);
  std::size_t at = 0;
  for (const char* part :
       {"character: Mara (also: the Keeper), age 34", "The co-writer:", "And then?", "NEW TEXT",
        "The person:", "She has a dog.", "The co-writer:", "Its name?"}) {
    CAPTURE(part);
    at = question.find(part, at);
    REQUIRE(at != std::string::npos);
  }
  dossier::Dossier nothing;
  CHECK(jobs::extraction_question(next.work, nothing).find("(nothing yet)") != std::string::npos);
}

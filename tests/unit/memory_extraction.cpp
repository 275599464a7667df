// A model's findings in the user's messages become entries of a companion's memory.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "shared/memory/extraction.hpp"

using namespace fabula;
using json::Document;
using memory::Message;

namespace {

constexpr std::int64_t kSunday = 1'795'953'600'000;

Document found(std::string_view text, std::string_view quote, std::string_view when = "",
               std::string_view replaces = "", std::string_view type = "user_fact") {
  return {{"type", type}, {"text", text}, {"quote", quote}, {"when", when}, {"replaces", replaces}};
}

Document answer(std::vector<Document> memories, std::vector<Document> forget = {}) {
  return {{"memories", std::move(memories)}, {"forget", std::move(forget)}};
}

class Reading {
 public:
  memory::Extraction read(const Document& answer, const std::vector<Message>& messages) {
    const auto found = memory::entries_from_answer(answer, "a log", memory::fold(entries), messages,
                                                   "local:a-model");
    REQUIRE(found);
    for (const auto& row : found->rows) entries.push_back({row, false});
    return *found;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const auto& memory : memory::fold(entries).memories) texts.push_back(memory.text);
    return texts;
  }

  std::vector<memory::LoggedEntry> entries;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("only what the user has said in a new message is remembered, with their own words") {
  Reading reading;
  const std::vector<Message> messages{
      {"m1", "user", "My sister\nis called “Ada”, you know.", kSunday},
      {"m2", "user", "She sings.", kSunday + 1}};
  const auto extraction = reading.read(
      answer({found("The user's sister is called Ada.", "my sister is called \"Ada\""),
              found("The companion likes tea.", "I like tea"), found("The user likes tea.", ""),
              found("", "She sings"), found("Ada sings.", "She sings", "", "", "song"),
              Document("text"), found("Ada sings.", "She sings.")}),
      messages);
  CHECK(extraction.items == 7);
  CHECK(extraction.kept == 2);
  const auto folded = memory::fold(reading.entries);
  REQUIRE(folded.memories.size() == 2);
  CHECK(folded.memories[0].quote == "My sister\nis called “Ada”");
  CHECK(folded.memories[0].message_id == "m1");
  CHECK(folded.memories[1].message_id == "m2");
  CHECK_FALSE(memory::entries_from_answer(Document::array(), "a log", folded, messages, "x"));
  // The same answer again changes nothing.
  const auto before = memory::fold(reading.entries).memories.size();
  reading.read(answer({found("Ada sings.", "She sings.")}), messages);
  CHECK(memory::fold(reading.entries).memories.size() == before);
}

TEST_CASE("days are kept as dates, from when the message was said") {
  Reading reading;
  reading.read(answer({found("The user has an interview tomorrow.", "an interview tomorrow",
                             "tomorrow", "", "event")}),
               {{"m1", "user", "I have an interview tomorrow", kSunday}});
  const auto folded = memory::fold(reading.entries);
  REQUIRE(folded.memories.size() == 1);
  CHECK(folded.memories[0].text == "The user has an interview on 2026-11-30.");
  CHECK(folded.memories[0].date == "2026-11-30");
}

TEST_CASE("a correction names what it replaces by its label or its text") {
  for (const char* name : {"m1", "The user's sister is called Ada"}) {
    Reading reading;
    reading.read(answer({found("The user's sister is called Ada.", "Ada")}),
                 {{"m1", "user", "My sister is Ada", kSunday}});
    const auto question = memory::extraction_question(
        memory::fold(reading.entries), {},
        std::vector<Message>{{"m2", "user", "No, she is Eva", kSunday + 1}});
    CHECK(question.find("m1 user_fact: The user's sister is called Ada.\n") != std::string::npos);
    CHECK(question.find("(2026-11-29)") != std::string::npos);
    reading.read(answer({found("The user's sister is called Eva.", "she is Eva", "", name)}),
                 {{"m2", "user", "No, she is Eva", kSunday + 1}});
    CHECK(reading.texts() == Texts{"The user's sister is called Eva."});
  }
}

TEST_CASE("\"forget that\" forgets, also what was only just said") {
  Reading reading;
  reading.read(answer({found("The user's sister is called Ada.", "Ada")}),
               {{"m1", "user", "My sister is Ada", kSunday}});
  // Only in the user's own words.
  reading.read(answer({}, {{{"memory", "m1"}, {"quote", "I will forget that"}}}),
               {{"m2", "user", "Hello", kSunday + 1}});
  CHECK(reading.texts().size() == 1);
  reading.read(
      answer({found("The user has a cat.", "I have a cat")},
             {{{"memory", "m1"}, {"quote", "Forget my sister"}},
              {{"memory", "The user has a cat."}, {"quote", "And forget the cat"}},
              {{"memory", ""}, {"quote", "forget"}}}),
      {{"m3", "user", "I have a cat. Forget my sister. And forget the cat.", kSunday + 2}});
  CHECK(reading.texts().empty());
  const auto folded = memory::fold(reading.entries);
  CHECK(folded.erased.size() == 2);
}

TEST_CASE("what is found in a later part of a long message has its place in the whole message") {
  const Message part{"m1", "user", "Und meine Schwester hei\u00dft Ada.", kSunday, 24'000};
  const auto found_in = [](const Message& message) {
    Reading reading;
    const auto extraction = reading.read(
        answer({found("The user's sister is called Ada.", "Schwester hei\u00dft Ada")}), {message});
    REQUIRE(extraction.rows.size() == 1);
    return extraction.rows.front();
  };
  const auto row = found_in(part);
  const auto body = json::parse(row.body).value_or(Document());
  CHECK(body["source"]["begin"] == 24'010);
  CHECK(body["source"]["end"] == 24'033);
  // The same words in the first part of the message are a different finding.
  Message first = part;
  first.from_byte = 0;
  CHECK(found_in(first).id != row.id);
}

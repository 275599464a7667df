// A companion's memories, computed from the entries of its log.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "shared/memory/edit.hpp"
#include "shared/memory/memory.hpp"
#include "shared/memory/words.hpp"

using namespace fabula;
using json::Document;
using memory::Folded;
using memory::Memory;

namespace {

class Log {
 public:
  // The finding of an extractor in a message.
  dossier::EntryRow find(std::string_view message_id, std::string_view text,
                         std::string_view replaces = "", std::string_view type = "user_fact") {
    Document::object_t body{{"do", "item"},
                            {"type", type},
                            {"text", text},
                            {"at", ++at_},
                            {"quote", "words"},
                            {"delivery", message_id},
                            {"source", {{"begin", 0}, {"end", 5}}}};
    if (!replaces.empty()) body["corrects"] = {{"quote", "no"}, {"value", replaces}};
    return take(dossier::EntryKind::extracted, message_id, body);
  }
  void take(const memory::Rows& rows) {
    REQUIRE(rows);
    for (const auto& row : *rows) entries.push_back({row, false});
  }
  void leave_path(std::string_view message_id, bool is_off = true) {
    for (auto& entry : entries) {
      if (entry.row.message_id == message_id) entry.is_off_path = is_off;
    }
  }
  Folded fold() const { return memory::fold(entries); }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const auto& memory : fold().memories) texts.push_back(memory.text);
    return texts;
  }
  memory::EditContext context() {
    operation_ = "operation " + std::to_string(++at_);
    return {"a log", operation_, at_};
  }
  std::string id(std::string_view text) const {
    for (const auto& memory : fold().memories) {
      if (memory.text == text) return memory.id;
    }
    return "";
  }

  std::vector<memory::LoggedEntry> entries;

 private:
  dossier::EntryRow take(dossier::EntryKind kind, std::string_view message_id,
                         const Document& body) {
    const auto row = dossier::make_row("a log", kind, message_id, body);
    REQUIRE(row);
    entries.push_back({*row, false});
    return *row;
  }

  std::int64_t at_ = 0;
  std::string operation_;
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a memory is what was said, once, with its source") {
  Log log;
  log.find("m1", "The user's sister is called Ada.");
  log.find("m2", "The user's sister is called Ada");
  log.find("m3", "Ada is the user's sister.", "", "user_fact");
  log.find("m4", "The user likes tea.", "", "preference");
  const auto folded = log.fold();
  REQUIRE(folded.memories.size() == 2);
  const Memory& ada =
      folded.memories[1].type == "user_fact" ? folded.memories[1] : folded.memories[0];
  CHECK(ada.text == "The user's sister is called Ada.");
  CHECK(ada.message_id == "m1");
  CHECK(ada.quote == "words");
  CHECK(ada.message_ids == Texts{"m1", "m2", "m3"});
  CHECK_FALSE(ada.is_by_user);
  CHECK(folded.erased.empty());
  CHECK(folded.outdated.empty());
}

TEST_CASE("a correction takes the place of what was said before, in whatever words") {
  Log log;
  log.find("m1", "The user's sister is called Ada.");
  log.find("m2", "The user has a sister named Ada.");
  log.find("m3", "The user's sister is called Eva.", "The user's sister is called Ada.");
  CHECK(log.texts() == Texts{"The user's sister is called Eva."});
  CHECK(log.fold().outdated.size() == 2);
  // A correction that has left the path has no effect.
  log.leave_path("m3");
  CHECK(log.texts() == Texts{"The user's sister is called Ada."});
  log.leave_path("m3", false);
  CHECK(log.texts() == Texts{"The user's sister is called Eva."});
  // Said again afterwards, it is so again.
  log.find("m4", "The user's sister is called Ada.", "The user's sister is called Eva.");
  CHECK(log.texts() == Texts{"The user's sister is called Ada."});
}

TEST_CASE("what is forgotten does not come back, from whatever it is found in") {
  Log log;
  log.find("m1", "The user's sister is called Ada.");
  log.find("m2", "The user likes tea.");
  const auto rows =
      memory::forget(log.fold(), log.id("The user's sister is called Ada."), log.context());
  log.take(rows);
  auto folded = log.fold();
  CHECK(log.texts() == Texts{"The user likes tea."});
  CHECK(folded.erased.size() == 1);
  // No word of it is kept.
  for (const auto& row : *rows) {
    CHECK(row.body.find("Ada") == std::string::npos);
    CHECK(row.body.find("sister") == std::string::npos);
  }
  log.find("m1", "The user's sister is called Ada.");
  log.find("m3", "Ada is a sister of the user.");
  log.find("m4", "The user's sister Ada lives in Paris.");
  CHECK(log.texts() == Texts{"The user likes tea."});
  log.find("m5", "The user's sister is called Eva.");
  log.find("m6", "The user likes coffee.");
  CHECK(log.texts().size() == 3);
  // Only the user can bring it back.
  log.take(memory::add(log.fold(), "user_fact", "The user's sister is called Ada.", false,
                       log.context()));
  REQUIRE(log.id("The user's sister is called Ada.") != "");
  // Written down again, it is the same memory.
  const auto id = log.id("The user likes tea.");
  log.take(memory::add(log.fold(), "user_fact", "the user likes TEA", true, log.context()));
  folded = log.fold();
  REQUIRE(folded.memories.size() == 4);
  CHECK(log.id("the user likes TEA") == id);
  log.take(memory::change(folded, id, {.is_pinned = false}, log.context()));
  for (const auto& memory : log.fold().memories) CHECK_FALSE(memory.is_pinned);
}

TEST_CASE("with a correction is forgotten what it has corrected") {
  Log log;
  log.find("m1", "The user lives in Paris.");
  log.find("m2", "The user lives in London.", "The user lives in Paris.");
  log.find("m3", "The user lives in Rome.", "The user lives in London.");
  CHECK(log.texts() == Texts{"The user lives in Rome."});
  log.take(memory::forget(log.fold(), log.id("The user lives in Rome."), log.context()));
  CHECK(log.texts().empty());
  CHECK(log.fold().erased.size() == 3);
  log.find("m1", "The user is living in Paris.");
  CHECK(log.texts().empty());
}

TEST_CASE("a memory follows its messages, unless it is pinned") {
  Log log;
  log.find("m1", "The user's sister is called Ada.");
  log.find("m2", "The user likes tea.");
  const auto ada = log.id("The user's sister is called Ada.");
  log.take(memory::change(log.fold(), ada, {.is_pinned = true}, log.context()));
  REQUIRE(log.fold().memories.size() == 2);
  log.leave_path("m1");
  log.leave_path("m2");
  auto folded = log.fold();
  REQUIRE(folded.memories.size() == 1);
  CHECK(folded.memories[0].id == ada);
  CHECK(folded.memories[0].is_pinned);
  CHECK(folded.memories[0].message_ids.empty());
  // Only the user changes pinned memories.
  log.find("m3", "The user's sister is called Eva.", "The user's sister is called Ada.");
  CHECK(log.fold().memories.size() == 2);
  log.take(memory::change(log.fold(), ada, {.is_pinned = false}, log.context()));
  CHECK(log.texts() == Texts{"The user's sister is called Eva."});
}

TEST_CASE("what the user corrects keeps its id, and its old words are gone") {
  Log log;
  log.find("m1", "The user's dog is called Rex.");
  const auto id = log.id("The user's dog is called Rex.");
  log.take(
      memory::change(log.fold(), id, {.text = "The user's dog is called Max."}, log.context()));
  auto folded = log.fold();
  REQUIRE(folded.memories.size() == 1);
  CHECK(folded.memories[0].id == id);
  CHECK(folded.memories[0].text == "The user's dog is called Max.");
  CHECK(folded.memories[0].is_by_user);
  CHECK(folded.erased.size() == 1);
  log.find("m1", "The user's dog is called Rex.");
  log.find("m2", "The user has a dog, Rex.");
  CHECK(log.texts() == Texts{"The user's dog is called Max."});
  log.take(memory::change(log.fold(), id, {.type = "preference"}, log.context()));
  CHECK(log.fold().memories[0].type == "preference");
  log.take(memory::forget(log.fold(), id, log.context()));
  CHECK(log.fold().memories.empty());
  CHECK(memory::forget(log.fold(), id, log.context()).error().code == ErrorCode::not_found);
  CHECK(memory::change(log.fold(), id, {.text = "x"}, log.context()).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("the longest text that the user may write is remembered, corrected and pinned") {
  Log log;
  const auto text = [](char letter) { return std::string(memory::kMaximumTextBytes, letter); };
  log.take(memory::add(log.fold(), "user_fact", text('a'), false, log.context()));
  CHECK(log.texts() == Texts{text('a')});
  log.take(memory::change(log.fold(), log.id(text('a')), {.text = text('b')}, log.context()));
  CHECK(log.texts() == Texts{text('b')});
  log.find("m1", text('c'));
  log.take(memory::change(log.fold(), log.id(text('c')), {.is_pinned = true}, log.context()));
  log.leave_path("m1");
  CHECK(log.texts() == Texts{text('b'), text('c')});
}

TEST_CASE("the order in which entries arrive, and how often, changes nothing") {
  Log log;
  log.find("m1", "The user's sister is called Ada.");
  log.find("m2", "The user has a sister named Ada.");
  log.find("m3", "The user's sister is called Eva.", "The user's sister is called Ada.");
  log.find("m4", "The user likes tea.", "", "preference");
  log.take(memory::change(log.fold(), log.id("The user likes tea."), {.is_pinned = true},
                          log.context()));
  log.find("m5", "The user lives in Paris.");
  log.take(memory::forget(log.fold(), log.id("The user lives in Paris."), log.context()));
  log.find("m6", "The user has lived in Paris.");
  const auto shown = [](const Folded& folded) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object();
    memory::write_commit(writer, 0, {}, folded);
    writer.end_object();
    return text;
  };
  const auto expected = shown(log.fold());
  auto entries = log.entries;
  std::uint32_t seed = 12345;
  for (int round = 0; round < 200; ++round) {
    for (std::size_t i = entries.size() - 1; i > 0; --i) {
      seed = seed * 1664525U + 1013904223U;
      std::swap(entries[i], entries[(seed >> 8U) % (i + 1)]);
    }
    auto twice = entries;
    twice.push_back(entries.front());
    auto folded = memory::fold(twice);
    CHECK(shown(folded) == expected);
  }
}

TEST_CASE("entries that cannot be read are left out") {
  Log log;
  log.find("m1", "The user likes tea.");
  log.entries.push_back({{std::string(64, 'a'), dossier::EntryKind::extracted, "m2", "{"}, false});
  log.entries.push_back(
      {{std::string(64, 'b'), dossier::EntryKind::user, "", R"({"do":"forget","words":7})"},
       false});
  CHECK(log.texts() == Texts{"The user likes tea."});
  CHECK_FALSE(memory::read_log(Document::array()));
  CHECK_FALSE(memory::read_log({{"memory_log_id", "x"}, {"version", 1}, {"entries", 3}}));
}

TEST_CASE("what is another wording, and what is not") {
  const auto is_rewording = [](std::string_view text, std::string_view old) {
    const auto words = memory::key_words(old);
    const bool is = memory::is_rewording(memory::key_words(text), words);
    CHECK(memory::is_rewording(memory::key_words(text), memory::hashed(words, "salt")) == is);
    return is;
  };
  CHECK(is_rewording("A peanut allergy", "The user is allergic to peanuts."));
  CHECK_FALSE(is_rewording("The user is allergic to cats.", "The user is allergic to peanuts."));
  CHECK(is_rewording("The user, who has a dog called Rex", "The user's dog is called Rex."));
  CHECK_FALSE(is_rewording("The user's dog is called Max.", "The user's dog is called Rex."));
  CHECK_FALSE(is_rewording("The user has 3 cats.", "The user has 2 cats."));
  CHECK_FALSE(is_rewording("Anything", "The user is."));
  CHECK(is_rewording("ユーザーは東京に住んでいる", "ユーザーは東京に住んでいます"));
  CHECK_FALSE(is_rewording("ユーザーは猫が好き", "ユーザーは東京に住んでいます"));
}

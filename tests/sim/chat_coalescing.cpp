// How often a reply is written: at once at first, then ten times a second.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::read_events;

namespace {

const std::string kBody = R"({"text":"Tell me."})";

std::string numbered_words(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += " word" + std::to_string(i);
  return text;
}

int text_events(const sim::Client& client) {
  int count = 0;
  const auto& body = client.body();
  for (std::size_t at = 0; (at = body.find("\"type\":\"text\"", at)) != std::string::npos; ++at) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("the first text leaves at once, those right after it as one write and one event") {
  ChatWorld chat(1);
  chat.model.tell(" one two three four five six", 3);
  auto& client = chat.post(kBody);
  std::vector<std::string> told;
  for (int ms = 0; ms < 200; ++ms) {
    chat.world.run_for(1);
    auto text = read_events(client).text;
    if (told.empty() ? !text.empty() : text != told.back()) told.push_back(std::move(text));
  }
  chat.world.run();
  CHECK(told == std::vector<std::string>{" one", " one two three four five six"});
  CHECK(text_events(client) == 2);
  CHECK(read_events(client).find("done"));
}

TEST_CASE("a dense stream is written every 100 ms, with one timer a write") {
  ChatWorld chat(1);
  const auto text = numbered_words(1000);
  chat.model.tell(text, 1);
  const auto& client = chat.talk("Tell me.");
  CHECK(read_events(client).text == text);
  CHECK(text_events(client) <= 1000 / 100 + 2);
  CHECK(text_events(client) >= 1000 / 102);
  CHECK(client.writes() <= text_events(client) + 2);
  CHECK(client.timers() <= client.writes() + 10);
}

TEST_CASE("texts that are further apart leave at once, without timers") {
  ChatWorld chat(1);
  const auto text = numbered_words(200);
  chat.model.tell(text, 60);
  const auto& client = chat.talk("Tell me.");
  CHECK(read_events(client).text == text);
  CHECK(text_events(client) == 200);
  // Each of the saves, one a second, has a few of its own.
  const auto saves =
      std::count(chat.database.calls.begin(), chat.database.calls.end(), "append_chunk");
  CHECK(saves <= 13);
  CHECK(client.timers() <= 20 + 3 * saves);
}

TEST_CASE("a pause sends what waits, a tenth of a second after the last write") {
  ChatWorld chat(1);
  chat.model.tell(" one two three", 10);
  chat.model.pieces.back().after_ms = 5000;
  auto& client = chat.post(kBody);
  while (read_events(client).text.empty()) chat.world.run_for(1);
  chat.world.run_for(90);
  CHECK(read_events(client).text == " one");
  chat.world.run_for(20);
  CHECK(read_events(client).text == " one two three");
  CHECK_FALSE(client.is_ended());
}

TEST_CASE("FABULA_COALESCE_MS is how long text waits at most; 0 writes each text as it comes") {
  for (const auto& [setting, least, most] :
       {std::tuple("0", 100, 100), std::tuple("40", 100 * 5 / 45, 100 * 5 / 40 + 2),
        std::tuple("often", 100 * 5 / 105, 100 * 5 / 100 + 2)}) {
    CAPTURE(setting);
    ChatWorld chat(1);
    chat.world.environment["FABULA_COALESCE_MS"] = setting;
    chat.model.tell(numbered_words(100), 5);
    const auto& client = chat.talk("Tell me.");
    CHECK(text_events(client) >= least);
    CHECK(text_events(client) <= most);
    CHECK(read_events(client).text == numbered_words(100));
  }
}

TEST_CASE("a setting whose value cannot be used is named in the request's log line, a warning") {
  for (const auto& [value, is_named] : {std::pair("often", true), std::pair("40", false)}) {
    CAPTURE(value);
    ChatWorld chat(1);
    chat.world.environment["FABULA_COALESCE_MS"] = value;
    chat.model.tell(" one", 5);
    chat.talk("Tell me.");
    REQUIRE(chat.world.log().size() == 1);
    const auto& line = chat.world.log().front();
    const auto has = [&line](std::string_view text) { return line.find(text) != line.npos; };
    CHECK(has(R"("unusable_settings":"FABULA_COALESCE_MS")") == is_named);
    CHECK(has(R"("level":"warn")") == is_named);
  }
}

TEST_CASE("the last text waits for no frame, and a frame for no last text") {
  ChatWorld chat(1);
  chat.world.environment["FABULA_COALESCE_MS"] = "1000";
  chat.model.tell(" one two three", 5);
  auto& client = chat.post(kBody);
  chat.world.run_for(100);
  CHECK(read_events(client).text == " one two three");
  CHECK(client.is_ended());
}

TEST_CASE("what a slow client has not taken leaves as one write when it goes on") {
  ChatWorld chat(1);
  const auto text = numbered_words(300);
  chat.model.tell(text, 10);
  auto& client = chat.post(kBody);
  chat.world.run_for(500);
  client.take_only(0);
  chat.world.run_for(2000);
  const auto writes = client.writes();
  client.take_everything();
  chat.world.run_for(1);
  CHECK(client.writes() <= writes + 1);
  CHECK(read_events(client).text.size() > text.size() / 2);
  chat.world.run();
  CHECK(read_events(client).text == text);
}

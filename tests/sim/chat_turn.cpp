// A successful turn, and how the conversation continues.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "shared/http/head.hpp"
#include "shared/turn/summary.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::read_events;
using fabula::tests::ScriptedDatabase;

namespace {

const std::string kStory = "Once upon a time there lived a fox who wrote letters to the sea.";

std::string header(const sim::Client& client, std::string_view name) {
  const auto head = http::parse_response_head(client.head());
  REQUIRE(head);
  return std::string(head->headers.find(name).value_or(""));
}

json::Document sent_to_model(const ChatWorld& chat, std::size_t turn) {
  return *json::parse(chat.model.exchanges.at(turn)->body);
}

}  // namespace

TEST_CASE("a turn is streamed, told to its end and stored") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 40);
  const auto& client = chat.talk("Tell me about a fox. And a sea.");
  CHECK(client.status() == 200);
  CHECK(client.is_ended());
  CHECK(header(client, "content-type") == "text/event-stream");
  CHECK(header(client, "x-session-id") == ScriptedDatabase::make_id(1));
  CHECK(header(client, "x-guest-token").starts_with("fg_"));
  const auto events = read_events(client);
  CHECK(events.text == kStory);
  CHECK(events.last_id == std::to_string(kStory.size()));
  REQUIRE(events.find("metadata"));
  const auto& metadata = *json::find(*events.find("metadata"), "metadata");
  CHECK(json::string_at(metadata, "session_id") == ScriptedDatabase::make_id(1));
  CHECK(json::string_at(metadata, "guest_token") == header(client, "x-guest-token"));
  CHECK(json::string_at(metadata, "title") == "Tell me about a fox");
  CHECK(json::string_at(metadata, "provider") == "local");
  CHECK(json::integer_at(*json::find(metadata, "tokens"), "in") == 11);
  CHECK(json::integer_at(*json::find(metadata, "tokens"), "out") == 7);
  CHECK(json::string_at(events.others.back(), "type") == "done");
  const auto& stored = chat.database.sessions.at(ScriptedDatabase::make_id(1));
  REQUIRE(stored.size() == 2);
  CHECK(stored[1].content == kStory);
  CHECK(stored[1].is_complete);
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

TEST_CASE("the first text leaves before the model has finished") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 1000);
  auto& client = chat.post(R"({"text":"Tell me."})");
  chat.world.run_for(2500);
  CHECK(read_events(client).text == "Once upon");
}

TEST_CASE("the model is sent the conversation so far, and the caller's own words last") {
  ChatWorld chat(1);
  chat.model.tell("A fox.", 5);
  chat.talk("Who lives here?");
  chat.model.tell("By the sea.", 5);
  chat.talk("And \"where\"?", ScriptedDatabase::make_id(1));
  const auto second = sent_to_model(chat, 1);
  CHECK(second["stream"] == true);
  CHECK(second["model"] == "scripted");
  const auto& messages = second["messages"];
  REQUIRE(messages.size() == 4);
  CHECK(messages[0]["role"] == "system");
  CHECK(messages[1] == *json::parse(R"({"role":"user","content":"Who lives here?"})"));
  CHECK(messages[2] == *json::parse(R"({"role":"assistant","content":"A fox."})"));
  CHECK(messages[3] == *json::parse(R"({"role":"user","content":"And \"where\"?"})"));
}

TEST_CASE("a turn that ends within a second makes one database call before and one after") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 30);
  chat.talk("Tell me.");
  CHECK(chat.database.calls == std::vector<std::string>{"begin_turn", "finish_turn"});
}

TEST_CASE("a long reply is saved each second, each time only what is new") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 810);
  chat.talk("Tell me.");
  std::string saved;
  std::size_t saves = 0;
  for (const auto& request : chat.database.requests) {
    if (!json::find(request, "from_offset")) continue;
    CHECK(json::integer_at(request, "from_offset") == static_cast<std::int64_t>(saved.size()));
    saved += json::string_at(request, "text").value_or("");
    ++saves;
  }
  CHECK(saved == kStory);
  CHECK(saves == 14);  // its words are almost as far apart as saves
}

TEST_CASE("a guest's token proves who it is and is not given again") {
  ChatWorld chat(1);
  chat.model.tell("Hello.", 5);
  const auto token = header(chat.talk("Hi."), "x-guest-token");
  auto& again = chat.post(R"({"text":"Hi again."})", "authorization: Bearer " + token + "\n");
  chat.world.run();
  CHECK(again.status() == 200);
  CHECK(header(again, "x-guest-token").empty());
  const auto principal = [&chat](std::size_t call) {
    return *json::find(chat.database.requests.at(call), "principal");
  };
  CHECK(json::string_at(principal(0), "kind") == "new_guest");
  CHECK(json::string_at(principal(2), "kind") == "guest");
  CHECK(json::string_at(principal(0), "token_hash") == json::string_at(principal(2), "token_hash"));
  CHECK(json::string_at(principal(0), "token_hash")->size() == 64);
}

TEST_CASE("a client that reads slowly gets everything and holds the model back") {
  ChatWorld chat(1);
  std::string long_story;
  while (long_story.size() < 400'000) long_story += kStory + " ";
  chat.model.tell(long_story, 0);
  auto& client = chat.post(R"({"text":"Everything, please."})");
  client.take_only(1000);
  chat.world.run_for(5000);
  CHECK(read_events(client).text.size() < 200'000);
  client.take_everything();
  chat.world.run();
  CHECK(read_events(client).text == long_story);
  CHECK(chat.database.generations[0].status == "complete");
}

TEST_CASE("a quiet host gets a sign of life after each second without a write, others after 15") {
  for (const auto& [traits, comments] : {std::pair(0u, 2), std::pair(1u, 30)}) {
    ChatWorld chat(1);
    chat.world.behaviour.host_traits = traits;
    chat.model.pieces = {{30'500, tests::text_event("Late.")}, {0, tests::end_events()}};
    const auto events = read_events(chat.talk("Are you there?"));
    CHECK(events.text == "Late.");
    CHECK(events.comments == comments);
  }
}

TEST_CASE("a summary of what came before the history stands after the persona") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 1);
  chat.talk("Tell me.");
  chat.database.summary = "Mara keeps the lighthouse.";
  chat.talk("Go on.", ScriptedDatabase::make_id(1));
  const auto prompt_of = [&chat](std::size_t number) {
    const auto body = sent_to_model(chat, number);
    return std::string(*json::string_at((*json::find(body, "messages"))[0], "content"));
  };
  const auto heading = std::string(turn::summary_heading());
  CHECK(prompt_of(1) == prompt_of(0) + heading + "Mara keeps the lighthouse.");
  for (const auto& request : chat.database.requests) {
    if (!json::find(request, "principal")) continue;
    CHECK(json::string_at(request, "summary_heading") == heading);
    CHECK(json::string_at(request, "system_prompt") == prompt_of(0));
  }
}

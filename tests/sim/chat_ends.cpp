// The end of a reply as the client gets it: its reason, a cancellation, and the model's reasoning
// before it.
#include <string>

#include "functions/chat/chat.hpp"
#include "functions/stream/stream.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";
const std::string kKey = kGuest + "idempotency-key: 8d5a\n";

std::string reason_in(const json::Document* event) {
  REQUIRE(event);
  return std::string(json::string_at(*event, "finish_reason").value_or(""));
}

void check_reason(const sim::Client& client, const std::string& reason) {
  const auto events = read_events(client);
  CHECK(reason_in(events.find("done")) == reason);
  REQUIRE(events.find("metadata"));
  CHECK(reason_in(json::find(*events.find("metadata"), "metadata")) == reason);
  CHECK_FALSE(events.find("error"));
}

std::string thought(const std::string& text) {
  return R"(data: {"choices":[{"index":0,"delta":{"reasoning_content":")" + text + "\"}}]}\n\n";
}

}  // namespace

TEST_CASE(
    "the provider's reason is in metadata and done, and in the database's words when resumed") {
  for (const auto& [word, reason] :
       {std::pair{"stop", "stop"}, {"length", "length"}, {"content_filter", "content_filter"}}) {
    CAPTURE(word);
    ChatWorld chat(1);
    answer_always(chat.model, stream(text_event("Once.") + end_events(word)));
    auto& client = chat.post(R"({"text":"Tell me."})", kKey);
    chat.world.run();
    check_reason(client, reason);
    auto& again = chat.post(R"({"text":"Tell me."})", kKey);
    chat.world.run();
    check_reason(again, reason);
  }
}

TEST_CASE("a cancelled reply ends with done, for its reader and for who comes back") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 1000);
  auto& client = chat.post(R"({"text":"Tell me."})", kKey);
  chat.world.run_for(3'500);
  chat.database.generations[0].cancel_requested = true;
  chat.world.run();
  CHECK(chat.database.generations[0].status == "stopped");
  const json::Document attempts = chat.database.requests.back()["attempts"];
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0]["status"] == "stopped");
  check_reason(client, "cancelled");
  CHECK(read_events(client).text == chat.database.generations[0].text());
  auto& again = chat.post(R"({"text":"Tell me."})", kKey);
  chat.world.run();
  check_reason(again, "cancelled");
  CHECK(read_events(again).text == chat.database.generations[0].text());

  auto& whole = chat.post(R"({"text":"Tell me."})", kKey + "accept: application/json\n");
  chat.world.run();
  CHECK(whole.status() == 200);
  const auto body = json::parse(whole.body());
  REQUIRE(body);
  CHECK(reason_in(&*body) == "cancelled");
}

TEST_CASE("first words that may begin a thought are kept when the reply is cancelled") {
  ChatWorld chat(1);
  chat.model.pieces = {{100, text_event("Hm")}};
  chat.model.end = ModelAnswer::End::stay_open;
  auto& client = chat.post(R"({"text":"Tell me."})", kKey);
  chat.world.run_for(3'500);
  CHECK(read_events(client).text.empty());
  chat.database.generations[0].cancel_requested = true;
  chat.world.run();
  check_reason(client, "cancelled");
  CHECK(read_events(client).text == "Hm");
  CHECK(chat.database.generations[0].text() == "Hm");
}

TEST_CASE("a bot's reply as well") {
  ChatWorld chat(1);
  chat.database.bot = {{"provider", "local"}, {"model", "scripted"}, {"system", nullptr}};
  chat.model.tell(kStory, 1000);
  const auto ask = [&chat]() -> sim::Client& {
    return chat.world.call(
        &stream_function::handle,
        "POST http://edge/functions/v1/stream/v1/stream\ncontent-type: application/json\n" + kKey,
        R"({"bot_id":3,"conversation_id":7,"prompt":"Tell me.","stream_id":"s-1"})");
  };
  auto& client = ask();
  chat.world.run_for(3'500);
  chat.database.generations[0].cancel_requested = true;
  chat.world.run();
  CHECK(client.body().find("event: done\ndata: {\"stream_id\":") != std::string::npos);
  CHECK(client.body().ends_with(",\"finish_reason\":\"cancelled\"}\n\n"));
  auto& again = ask();
  chat.world.run();
  CHECK(again.body().ends_with(",\"finish_reason\":\"cancelled\"}\n\n"));
  CHECK(again.body().find("event: error") == std::string::npos);
}

TEST_CASE("what the model thinks aloud is told to who asks for it, and is no part of the reply") {
  for (const bool is_asked : {false, true}) {
    CAPTURE(is_asked);
    ChatWorld chat(1);
    answer_always(chat.model, stream(thought("A fox") + thought(" perhaps.") + text_event("Once.") +
                                     end_events()));
    auto& client = chat.post(
        is_asked ? R"({"text":"Tell me.","reasoning":true})" : R"({"text":"Tell me."})", kGuest);
    chat.world.run();
    const auto events = read_events(client);
    CHECK(events.text == "Once.");
    CHECK(events.last_id == "5");
    CHECK(chat.database.generations[0].text() == "Once.");
    CHECK((events.find("reasoning") != nullptr) == is_asked);
    if (!is_asked) continue;
    CHECK(client.body().find(
              "id: 0\ndata: {\"type\":\"reasoning\",\"content\":\"A fox perhaps.\"}") !=
          std::string::npos);
    auto& whole =
        chat.post(R"({"text":"Tell me.","reasoning":true})", kGuest + "accept: application/json\n");
    chat.world.run();
    const auto body = json::parse(whole.body());
    REQUIRE(body);
    CHECK(json::string_at(*body, "reasoning") == "A fox perhaps.");
    CHECK(json::string_at(*body, "text") == "Once.");
  }
}

// Another take of a reply, and the rest of one: the prompt and the stored result.
#include <doctest/doctest.h>

#include <string>

#include "generated/prompts.hpp"
#include "shared/http/head.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::read_events;
using fabula::tests::ScriptedDatabase;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kReply = ScriptedDatabase::make_id(1);

std::string guest_of(const sim::Client& client) {
  const auto head = http::parse_response_head(client.head());
  REQUIRE(head);
  return "authorization: Bearer " + std::string(head->headers.find("x-guest-token").value_or("")) +
         "\n";
}

json::Document messages_sent(const ChatWorld& chat, std::size_t turn) {
  return (*json::parse(chat.model.exchanges.at(turn)->body))["messages"];
}

std::string problem_code(const sim::Client& client) {
  const auto body = json::parse(client.body());
  return body ? std::string(json::string_at(*body, "code").value_or("")) : "";
}

}  // namespace

TEST_CASE("another take: the model is sent what it was sent, and no more") {
  ChatWorld chat(1);
  chat.model.tell("A fox.", 5);
  const auto guest = guest_of(chat.talk("Who lives here?"));
  chat.model.tell("A badger.", 5);
  auto& client = chat.post_to("chat/messages/" + kReply + "/regenerate", "", guest);
  chat.world.run();
  CHECK(client.status() == 200);
  CHECK(read_events(client).text == "A badger.");
  CHECK(read_events(client).last_id == "9");
  CHECK(read_events(client).find("done"));
  const auto messages = messages_sent(chat, 1);
  REQUIRE(messages.size() == 2);
  CHECK(messages[1] == *json::parse(R"({"role":"user","content":"Who lives here?"})"));
}

TEST_CASE("the rest of a reply: its text goes before, the stream holds only what is new") {
  ChatWorld chat(1);
  const std::string half = "A fox in a caf\u00e9,";
  chat.model.tell(half, 5);
  const auto guest = guest_of(chat.talk("Who lives here?"));
  chat.model.tell(" and a badger.", 700);
  auto& client = chat.post_to("chat/messages/" + kReply + "/continue", "{}", guest);
  chat.world.run();
  const auto events = read_events(client);
  CHECK(events.text == " and a badger.");
  CHECK(events.last_id == std::to_string(half.size() + events.text.size()));
  const auto messages = messages_sent(chat, 1);
  REQUIRE(messages.size() == 4);
  CHECK(messages[2]["content"] == half);
  CHECK(messages[3]["role"] == "user");
  CHECK(messages[3]["content"] == std::string(fabula::prompts::kGoOn.text));
  CHECK(chat.database.generations[1].text() == half + " and a badger.");
  // Saved from where the old text ends.
  CHECK(json::integer_at(chat.database.requests.at(3), "from_offset") ==
        static_cast<std::int64_t>(half.size()));
  CHECK(chat.database.sessions.at(kReply).back().content == half + " and a badger.");
}

TEST_CASE(
    "who is nobody has no reply to take again, and ids are checked before anything is asked") {
  ChatWorld chat(1);
  auto& nobody = chat.post_to("chat/messages/" + kReply + "/regenerate", "");
  auto& wrong = chat.post_to("chat/messages/7/continue", "",
                             "authorization: Bearer fg_" + std::string(43, 'A') + "\n");
  chat.world.run();
  CHECK(nobody.status() == 401);
  CHECK(problem_code(nobody) == "missing_credentials");
  CHECK(wrong.status() == 400);
  CHECK(problem_code(wrong) == "invalid_id");
  CHECK(chat.database.calls.empty());
}

TEST_CASE("the rest of a reply is joined to it as it belongs there") {
  struct Seam {
    std::string partial;
    std::string continuation;
    std::string stored;
  };
  for (const auto& [partial, continuation, stored] : {
           Seam{"The keeper climbed the", "stairs, slowly.",
                "The keeper climbed the stairs, slowly."},
           Seam{"The keeper climbed the", " stairs, slowly.",
                "The keeper climbed the stairs, slowly."},
           Seam{"The keeper climbed the", "stairs", "The keeper climbed the stairs"},
           Seam{"The lamp went out.", "Nobody spoke.", "The lamp went out. Nobody spoke."},
           Seam{"The keeper climbed the", "The keeper climbed the stairs, slowly.",
                "The keeper climbed the stairs, slowly."},
           Seam{"Das Licht erlosch, und nie", "mand sprach.",
                "Das Licht erlosch, und niemand sprach."},
       }) {
    CAPTURE(stored);
    ChatWorld chat(1);
    chat.model.tell(partial, 5);
    const auto guest = guest_of(chat.talk("Who lives here?"));
    chat.model.tell(continuation, 700);
    auto& client = chat.post_to("chat/messages/" + kReply + "/continue", "{}", guest);
    chat.world.run();
    const auto events = read_events(client);
    CHECK(partial + events.text == stored);
    CHECK(events.find("done"));
    CHECK(events.last_id == std::to_string(stored.size()));
    CHECK(chat.database.generations[1].text() == stored);
    CHECK(chat.database.sessions.at(kReply).back().content == stored);
  }
}

TEST_CASE("a continuation that is cancelled when it has only repeated the reply adds nothing") {
  ChatWorld chat(1);
  chat.model.tell("The keeper climbed the", 5);
  const auto guest = guest_of(chat.talk("Who lives here?"));
  chat.model.pieces = {{100, fabula::tests::text_event("The keeper")}};
  chat.model.end = fabula::tests::ModelAnswer::End::stay_open;
  auto& client = chat.post_to("chat/messages/" + kReply + "/continue", "{}", guest);
  chat.world.run_for(3'500);
  chat.database.generations[1].cancel_requested = true;
  chat.world.run();
  CHECK(chat.database.generations[1].status == "stopped");
  CHECK(read_events(client).text.empty());
  CHECK(chat.database.generations[1].text() == "The keeper climbed the");
}

TEST_CASE("a model that goes on in the reply itself may repeat itself") {
  ChatWorld chat(1);
  chat.world.environment.insert(
      {{"MISTRAL_API_KEY", "simulated"}, {"MISTRAL_BASE_URL", "http://127.0.0.1:40/v1"}});
  chat.world.environment["MODEL_CHAT"] = "mistral:mistral-large-latest";
  fabula::tests::ScriptedModel mistral(chat.world, "http://127.0.0.1:40/v1");
  mistral.tell("It went on and on", 5);
  const auto guest = guest_of(chat.talk("How long did the storm last?"));
  mistral.tell(" and on and on.", 5);
  auto& client = chat.post_to("chat/messages/" + kReply + "/continue", "{}", guest);
  chat.world.run();
  CHECK(read_events(client).text == " and on and on.");
  CHECK(chat.database.generations[1].text() == "It went on and on and on and on.");
  const auto body = *json::parse(mistral.exchanges.at(1)->body);
  CHECK(body["messages"].back()["role"] == "assistant");
}

TEST_CASE("a reply that breaks off is told with its ids, so that it can be continued") {
  ChatWorld chat(1);
  chat.model.tell("A fox and a badger.", 5);
  chat.model.pieces.resize(2);
  const auto events = read_events(chat.talk("Who lives here?"));
  REQUIRE(events.others.size() == 2);
  CHECK(json::string_at(*json::find(events.others[0], "metadata"), "message_id") == "reply-1");
  CHECK(json::string_at(events.others[1], "type") == "error");
}

// Settings that a turn or its session has chosen: the model, its settings, and the refusals.
#include <string>

#include "functions/stream/stream.hpp"
#include "generated/prompts.hpp"
#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";
const std::string kReply = ScriptedDatabase::make_id(1);

// A session with its own choice of model.
struct SettingsWorld : ChatWorld {
  SettingsWorld() : ChatWorld(1) {
    model.tell(kStory, 1);
    quiet.tell(kStory, 1);
    world.environment["FABULA_MODELS"] = "local:scripted, llamacpp:quiet, openai:no-key";
    world.environment["FABULA_MAX_OUTPUT_TOKENS"] = "1000";
    database.further =
        *json::parse(R"({"chosen":{"model":"llamacpp:quiet","temperature":0.25,"max_tokens":77}})");
  }
  ScriptedModel quiet{world, "http://127.0.0.1:8080/v1"};

  sim::Client& ask(const std::string& body) {
    auto& client = post(body, kGuest);
    world.run();
    return client;
  }
};

json::Document sent(const ScriptedModel& model) {
  return *json::parse(model.exchanges.back()->body);
}

std::int64_t limit_of(const json::Document& request) {
  const auto old = json::integer_at(request, "max_tokens");
  return old ? *old : json::integer_at(request, "max_completion_tokens").value_or(0);
}

std::string system_prompt_of(const json::Document& request) {
  return std::string(json::string_at(request["messages"][0], "content").value_or(""));
}

// The database's answer for a session with these settings.
const json::Document kWishes = *json::parse(
    R"({"chosen":{"model":"ollama:second","temperature":0.25,"max_tokens":77},
        "system_prompt":"You are a fox.\n\nRhyme."})");

void check_wishes(const ScriptedModel& model) {
  REQUIRE(model.exchanges.size() == 1);
  const auto request = sent(model);
  CHECK(json::string_at(request, "model") == "second");
  CHECK(json::hundredths_at(request, "temperature") == 25);
  CHECK(limit_of(request) == 77);
  CHECK(system_prompt_of(request) == "You are a fox.\n\nRhyme.");
}

}  // namespace

TEST_CASE("a session's model is asked as the session wants it, after one call of the database") {
  SettingsWorld chat;
  const auto& client = chat.ask(R"({"text":"Hi."})");
  check_answered_by(chat, client, "llamacpp", "quiet", 1);
  CHECK(chat.model.exchanges.empty());
  const auto request = sent(chat.quiet);
  CHECK(json::hundredths_at(request, "temperature") == 25);
  CHECK(limit_of(request) == 77);
  CHECK(chat.database.calls.front() == "begin_turn");
  CHECK(chat.database.calls.at(1) != "begin_turn");
}

TEST_CASE("a turn's model is asked in place of the session's") {
  SettingsWorld chat;
  chat.database.further = *json::parse(R"({"chosen":{"model":"local:scripted","temperature":2}})");
  const auto& client =
      chat.ask(R"({"text":"Hi.","model":"local:scripted","temperature":2.0,"max_tokens":1000})");
  check_answered_by(chat, client, "local", "scripted", 1);
  const auto& begun = chat.database.requests.front();
  CHECK(*json::find(begun, "chosen") ==
        *json::parse(R"({"model":"local:scripted","temperature":2.0,"max_tokens":1000})"));
  CHECK(json::hundredths_at(sent(chat.model), "temperature") == 200);
}

TEST_CASE("a session's model that is not allowed any more, or has no key, is passed over") {
  for (const std::string name : {"llamacpp:loud", "openai:no-key", "nobody"}) {
    CAPTURE(name);
    SettingsWorld chat;
    chat.database.further["chosen"]["model"] = name;
    check_answered_by(chat, chat.ask(R"({"text":"Hi."})"), "local", "scripted", 1);
    CHECK(json::hundredths_at(sent(chat.model), "temperature") == 25);
  }
}

TEST_CASE("a picture goes to a model that sees it, whatever the session's model is") {
  SettingsWorld chat;
  chat.world.environment["FABULA_VISION_MODELS"] = "local:scripted";
  chat.world.environment["FABULA_ATTACHMENT_HOSTS"] = "files.example";
  chat.world.serve("https://files.example", [&chat](auto exchange) {
    chat.world.clock().after(5, [exchange] {
      exchange->respond(200, "content-type: image/png\n");
      exchange->send("\x89PNG\r\n\x1a\n");
      exchange->end();
    });
  });
  const auto& client = chat.ask(
      R"({"text":"Look.","attachments":[{"type":"image","url":"https://files.example/a.png"}]})");
  check_answered_by(chat, client, "local", "scripted", 1);
}

TEST_CASE("a model that is not allowed is refused with those that are, and too much is too") {
  SettingsWorld chat;
  const auto& model = chat.ask(R"({"text":"Hi.","model":"gemini:gemini-2.5-flash"})");
  CHECK(model.status() == 422);
  CHECK(model.body().find(R"("path":"model")") != std::string::npos);
  CHECK(model.body().find("local:scripted, llamacpp:quiet.") != std::string::npos);
  const auto& keyless = chat.ask(R"({"text":"Hi.","model":"openai:no-key"})");
  CHECK(keyless.status() == 422);
  CHECK(keyless.body().find("not set up") != std::string::npos);
  CHECK(keyless.body().find("local:scripted, llamacpp:quiet.") != std::string::npos);
  const auto& tokens = chat.ask(R"({"text":"Hi.","max_tokens":1001})");
  CHECK(tokens.status() == 422);
  CHECK(tokens.body().find(R"("path":"max_tokens")") != std::string::npos);
  CHECK(chat.database.calls.empty());
}

TEST_CASE("the deployment's prompt takes the place of ours, but not of a task's") {
  SettingsWorld chat;
  chat.world.environment["FABULA_SYSTEM_PROMPT"] = "You are a muse.";
  chat.database.further = json::Document::object();
  const auto system = [&chat] { return system_prompt_of(sent(chat.model)); };
  chat.ask(R"({"text":"Hi."})");
  CHECK(system() == "You are a muse.");
  CHECK_FALSE(json::find(chat.database.requests.front(), "prompt"));
  chat.database.requests.clear();
  chat.world.environment["MODEL_SCENE"] = "local:scripted";
  chat.ask(R"({"text":"Hi.","task":"scene"})");
  CHECK(system() == prompts::kScene.text);
  // With instructions the database knows the whole prompt.
  chat.database.further = *json::parse(R"({"system_prompt":"You are a muse.\n\nShort."})");
  chat.ask(R"({"text":"Hi."})");
  CHECK(system() == "You are a muse.\n\nShort.");
}

TEST_CASE("guidance is what the model is told last, for a take alone") {
  SettingsWorld chat;
  chat.database.further = json::Document::object();
  chat.ask(R"({"text":"Who lives here?"})");
  chat.database.requests.clear();
  auto& take = chat.post_to("chat/messages/" + kReply + "/regenerate",
                            R"({"guidance":"короче {{guidance}}"})", kGuest);
  chat.world.run();
  CHECK(take.status() == 200);
  const auto& begun = chat.database.requests.front();
  CHECK(json::string_at(begun, "guidance") == "короче {{guidance}}");
  const auto instruction =
      prompts::filled(prompts::kGuidance, {{"guidance", "короче {{guidance}}"}});
  CHECK(json::string_at(begun, "instruction") == instruction);
  const auto messages = sent(chat.model)["messages"];
  CHECK(messages.back() ==
        json::Document{{"role", "user"}, {"content", "Who lives here?\n\n" + instruction}});
  CHECK(chat.database.sessions.at(kReply).front().content == "Who lives here?");
}

TEST_CASE("companions, live conversations and bots answer as their session wishes") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    const auto talk = AnyTalk::make(over);
    auto& chat = talk->chat();
    talk->second->tell(kStory, 1);
    chat.database.further = kWishes;
    CHECK(talk->say("m1", "Hi.").text == kStory);
    CHECK(chat.model.exchanges.empty());
    check_wishes(*talk->second);
    // Settings that the deployment no longer allows are ignored.
    chat.world.environment["FABULA_MODELS"] = "local:first";
    chat.model.tell("Well.", 1);
    if (over != TalkOver::companion_socket && over != TalkOver::realtime_socket) {
      CHECK(talk->say("m2", "And?").text == "Well.");
      CHECK(json::hundredths_at(sent(chat.model), "temperature") == 25);
    }
  }
  ChatWorld chat(1);
  ScriptedModel second{chat.world, "http://127.0.0.1:11434/v1"};
  second.tell(kStory, 1);
  chat.world.environment["MODEL_STREAM"] = "local:first";
  chat.world.environment["FABULA_MODELS"] = "ollama:second";
  chat.database.bot = {{"provider", nullptr}, {"model", nullptr}, {"system", "You are a fox."}};
  chat.database.further = kWishes;
  const auto& client = chat.world.call(
      &stream_function::handle,
      "POST http://edge/functions/v1/stream/v1/stream\ncontent-type: application/json\n" + kGuest,
      R"({"bot_id":3,"conversation_id":7,"prompt":"Tell me."})");
  chat.world.run();
  CHECK(client.status() == 200);
  CHECK(chat.model.exchanges.empty());
  check_wishes(second);
}

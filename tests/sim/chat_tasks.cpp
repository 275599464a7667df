// Tasks of chat's messages: each has a route and a prompt, and other takes keep to it.
#include <string>

#include "generated/prompts.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";

struct TasksWorld : ChatWorld {
  TasksWorld() : ChatWorld(1) {
    model.tell(kStory, 1);
    painter.tell(kStory, 1);
    world.environment["MODEL_SCENE"] = "llamacpp:painter";
  }
  ScriptedModel painter{world, "http://127.0.0.1:8080/v1"};

  sim::Client& ask(const std::string& body) {
    auto& client = post(body, kGuest);
    world.run();
    return client;
  }
};

std::string system_of(const ScriptedModel& model) {
  const auto body = *json::parse(model.exchanges.back()->body);
  return std::string(json::string_at(body["messages"][0], "content").value_or(""));
}

}  // namespace

TEST_CASE("a scene is written by the scene's models with the scene's prompt") {
  TasksWorld chat;
  const auto& client = chat.ask(R"({"text":"The storm.","task":"scene"})");
  check_answered_by(chat, client, "llamacpp", "painter", 1);
  CHECK(system_of(chat.painter) == prompts::kScene.text);
  const auto& begun = chat.database.requests.front();
  CHECK(json::string_at(begun, "model") == "painter");
  CHECK(json::string_at(begun, "system_prompt") == prompts::kScene.text);
  CHECK(json::string_at(begun, "prompt") == "scene-1");
  CHECK(json::dump(*json::find(begun, "message_metadata")) == R"({"task":"scene"})");
}

TEST_CASE("no task and the task chat are the same, and nothing is kept of it") {
  TasksWorld chat;
  for (const std::string body :
       {R"({"text":"Hi."})", R"({"text":"Hi.","task":"chat"})", R"({"text":"Hi.","task":null})"}) {
    chat.database.requests.clear();
    check_answered_by(chat, chat.ask(body), "local", "scripted", 1);
    CHECK(system_of(chat.model) == prompts::kChat.text);
    CHECK_FALSE(json::find(chat.database.requests.front(), "message_metadata"));
    CHECK_FALSE(json::find(chat.database.requests.front(), "task_prompts"));
  }
}

TEST_CASE("an unknown task is refused, and nothing is begun") {
  TasksWorld chat;
  const auto& client = chat.ask(R"({"text":"Hi.","task":"sing"})");
  CHECK(client.status() == 422);
  CHECK(client.body().find(R"("path":"task")") != std::string::npos);
  CHECK(chat.database.calls.empty());
}

TEST_CASE("without a key for its models a task is done by those of chat") {
  TasksWorld chat;
  check_answered_by(chat, chat.ask(R"({"text":"Here.","task":"description"})"), "local", "scripted",
                    1);
  CHECK(system_of(chat.model) == prompts::kDescription.text);

  SUBCASE("with one, by its own") {
    ScriptedModel gemini(chat.world, "http://127.0.0.1:30/v1beta",
                         "/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
    answer_always(gemini, refusal(400));
    chat.world.environment.insert(
        {{"GEMINI_API_KEY", "simulated"}, {"GEMINI_BASE_URL", "http://127.0.0.1:30/v1beta"}});
    chat.ask(R"({"text":"Here.","task":"description"})");
    CHECK(gemini.exchanges.size() == 1);
  }
  SUBCASE("but a route that is set is not replaced") {
    chat.world.environment["MODEL_DESCRIPTION"] = "anthropic:claude-sonnet";
    const auto& client = chat.ask(R"({"text":"Here.","task":"description"})");
    CHECK(client.status() == 503);
    CHECK(client.body().find("ANTHROPIC_API_KEY") != std::string::npos);
  }
}

TEST_CASE("another take of a scene, and its rest, are scenes") {
  TasksWorld chat;
  chat.ask(R"({"text":"The storm.","task":"scene"})");
  const auto reply = "chat/messages/" + ScriptedDatabase::make_id(1);
  for (const std::string action : {"/regenerate", "/continue"}) {
    chat.database.requests.clear();
    const std::string said = action == "/continue" ? " The sea answered." : kStory;
    chat.painter.tell(said, 5);
    auto& client = chat.post_to(reply + action, "", kGuest);
    chat.world.run();
    CAPTURE(client.body());
    CHECK(read_events(client).text == said);
    CHECK(system_of(chat.painter) == prompts::kScene.text);
    const auto& begun = chat.database.requests.front();
    CHECK(json::string_at(*json::find(begun, "task_prompts"), "scene") == prompts::kScene.text);
    CHECK(json::string_at(*json::find(begun, "task_prompt_labels"), "scene") == "scene-1");
    CHECK(json::string_at(chat.database.requests.back(), "model") == "painter");
  }
  CHECK(chat.painter.exchanges.size() == 3);
  CHECK(chat.model.exchanges.empty());
}

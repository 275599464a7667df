// The address of one server is enough: every kind of conversation asks it for the model of chat,
// and so does the background (dossier_extraction.cpp, story_answers.cpp).
#include <string>

#include "functions/stream/stream.hpp"
#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/peers/picky_server.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

constexpr const char* kHost = "http://own.example:1234";
constexpr const char* kPath = "/v1/chat/completions";

struct OwnServer {
  const char* setting;
  const char* route;
};

constexpr OwnServer kOwnServers[] = {{"OPENAI_BASE_URL", "openai:qwen3"},
                                     {"OLLAMA_BASE_URL", "ollama:qwen3"}};

// This server becomes the only one that can be asked.
void use_alone(sim::World& world, const OwnServer& server) {
  world.environment.erase("LOCAL_BASE_URL");
  world.environment["MODEL_CHAT"] = server.route;
  world.environment[server.setting] = kHost;
}

void check_asked(const PickyServer& server, std::size_t times) {
  REQUIRE(server.bodies.size() == times);
  for (const auto& body : server.bodies) CHECK(body.find(R"("model":"qwen3")") != body.npos);
}

}  // namespace

TEST_CASE("companions and live conversations use it") {
  for (const auto& own : kOwnServers) {
    for (const auto over : kEveryTalk) {
      CAPTURE(own.setting);
      CAPTURE(name(over));
      const auto talk = AnyTalk::make(over);
      auto& world = talk->chat().world;
      use_alone(world, own);
      const PickyServer server(world, kHost, kPath, {}, kStory);
      CHECK(talk->say("m1", "Tell me.").text == kStory);
      check_asked(server, 1);
    }
  }
}

TEST_CASE("every task of chat uses it, and so does a bot that names its model alone") {
  for (const auto& own : kOwnServers) {
    CAPTURE(own.setting);
    ChatWorld chat(1);
    use_alone(chat.world, own);
    const PickyServer server(chat.world, kHost, kPath, {}, kStory);
    for (const std::string task : {"chat", "description", "scene"}) {
      auto& client = chat.post(R"({"text":"Tell me.","task":")" + task + R"("})");
      chat.world.run();
      CHECK(read_events(client).text == kStory);
    }
    chat.database.bot = {{"model", "qwen3"}};
    auto& bot = chat.world.call(
        &stream_function::handle,
        "POST http://edge/functions/v1/stream/v1/stream\ncontent-type: application/json\n"
        "authorization: Bearer fg_" +
            std::string(43, 'A') + "\n",
        R"({"bot_id":3,"conversation_id":7,"prompt":"Tell me."})");
    chat.world.run();
    CHECK(bot.body().ends_with(",\"finish_reason\":\"stop\"}\n\n"));
    check_asked(server, 4);
  }
}

// Servers that refuse a part of a request, and addresses without a path, in companions' and live
// conversations and for bots: one more attempt without it gets the answer. In the background:
// tasks.cpp, dossier_extraction.cpp and story_answers.cpp.
#include <string>
#include <vector>

#include "functions/stream/stream.hpp"
#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/peers/picky_server.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

constexpr const char* kHost = "http://picky.example";
constexpr const char* kPath = "/v1/chat/completions";

}  // namespace

TEST_CASE("what a server refuses is left out in one more try, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    const auto talk = AnyTalk::make(over);
    auto& world = talk->chat().world;
    world.environment["MODEL_CHAT"] = "custom:m";
    world.environment["CUSTOM_BASE_URL"] = kHost;
    const PickyServer server(world, kHost, kPath, {"stream_options", "temperature"}, kStory);
    const auto heard = talk->say("m1", "Tell me.");
    CHECK(heard.text == kStory);
    CHECK(heard.is_done);
    const auto tries = server.asked.size();
    CHECK(tries >= 2);
    // The isolate knows it from then on.
    CHECK(talk->say("m2", "Go on.").text == kStory);
    CHECK(server.asked.size() == tries + 1);
  }
}

TEST_CASE("what a bot's own server refuses is left out, and its address is completed") {
  struct Case {
    const char* access_path;
    const char* path;  // the only one of the server
    std::vector<std::string> refused;
    std::size_t asked;
  };
  const Case cases[] = {
      {"http://picky.example", "/v1/chat/completions", {}, 1},
      {"http://picky.example/", "/chat/completions", {"stream_options"}, 3},
      {"http://picky.example/llm", "/llm/v1/chat/completions", {"max_tokens"}, 3},
      {"http://picky.example/llm/v1/chat/completions", "/llm/v1/chat/completions", {}, 1}};
  for (const auto& [access_path, path, refused, asked] : cases) {
    CAPTURE(access_path);
    ChatWorld chat(1);
    chat.world.environment["FABULA_UPSTREAM_HOSTS"] = "picky.example";
    const PickyServer server(chat.world, kHost, path, refused, kStory);
    chat.database.bot = {{"model", "m"}, {"access_path", access_path}, {"access_key", "k"}};
    const auto ask = [&chat](const std::string& conversation) -> std::string {
      auto& client = chat.world.call(
          &stream_function::handle,
          "POST http://edge/functions/v1/stream/v1/stream\ncontent-type: application/json\n"
          "authorization: Bearer fg_" +
              std::string(43, 'A') + "\n",
          R"({"bot_id":3,"conversation_id":)" + conversation + R"(,"prompt":"Tell me."})");
      chat.world.run();
      return client.body();
    };
    CHECK(ask("7").ends_with(",\"finish_reason\":\"stop\"}\n\n"));
    CHECK(server.asked.size() == asked);
    CHECK(ask("8").ends_with(",\"finish_reason\":\"stop\"}\n\n"));
    CHECK(server.asked.size() == asked + 1);
  }
}

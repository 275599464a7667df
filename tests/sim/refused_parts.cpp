// Servers that refuse a part of a request, and addresses without a path, in companions' and live
// conversations and in the background: one more try without it is the answer.
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

// A server that knows only this path, and refuses requests with stream_options.
struct PickyServer {
  explicit PickyServer(ChatWorld& chat) {
    chat.world.environment["MODEL_CHAT"] = "custom:m";
    chat.world.environment["CUSTOM_BASE_URL"] = "http://picky.example";
    chat.world.serve("http://picky.example", [this, &chat](auto exchange) {
      asked.push_back(exchange->url);
      const bool is_known = exchange->url == "http://picky.example/v1/chat/completions";
      const bool is_refused = exchange->body.find("stream_options") != std::string::npos;
      const std::uint32_t status = !is_known ? 404 : is_refused ? 400 : 200;
      const std::string bytes = status == 200
                                    ? text_event(kStory) + end_events()
                                    : R"({"error":{"message":"Extra inputs are not permitted: )"
                                      R"(stream_options","type":"invalid_request_error"}})";
      chat.world.clock().after(20, [exchange, status, bytes] {
        exchange->respond(status);
        exchange->send(bytes);
        exchange->end();
      });
    });
  }
  std::vector<std::string> asked;
};

}  // namespace

TEST_CASE("what a server refuses is left out in one more try, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    const auto talk = AnyTalk::make(over);
    const PickyServer server(talk->chat());
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

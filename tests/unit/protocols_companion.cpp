#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "shared/json/document.hpp"
#include "shared/protocols/companion/protocol.hpp"

using namespace fabula;
namespace event = turn::event;

namespace {

turn::BegunTurn begun_turn() {
  turn::BegunTurn turn;
  turn.session_id = "c";
  turn.user_id = "u";
  turn.user_message_id = "um";
  turn.stream_id = "s";
  turn.title = "Tea";
  turn.character = turn::Character{.character_id = "k"};
  return turn;
}

const std::optional<llm::Usage> kUsage{llm::Usage{.input_tokens = 5, .output_tokens = 2}};

std::string told(std::unique_ptr<turn::Framing> framing, const turn::Event& end) {
  const auto turn = begun_turn();
  std::string out;
  framing->write(out, event::Begun{turn});
  framing->write(out, event::Text{"Hi}\n\n"});
  framing->write(out, event::Text{""});
  framing->write(out, event::Stored{turn, "m", "openrouter", "hermes", kUsage, "stop"});
  framing->write(out, end);
  return out;
}

}  // namespace

TEST_CASE("a stream has chat's events, each with the conversation") {
  CHECK(
      told(protocols::companion::kProtocol.stream({}), event::Finished{"stop"}) ==
      "id: 5\ndata: {\"type\":\"text\",\"content\":\"Hi}\\n\\n\",\"conversation_id\":\"c\"}\n\n"
      "id: 5\ndata: {\"type\":\"metadata\",\"metadata\":{\"session_id\":\"c\",\"user_id\":\"u\","
      "\"message_id\":\"m\",\"user_message_id\":\"um\",\"stream_id\":\"s\",\"model\":\"hermes\","
      "\"provider\":\"openrouter\",\"tokens\":{\"in\":5,\"out\":2},\"finish_reason\":\"stop\","
      "\"title\":\"Tea\","
      "\"conversation_id\":\"c\",\"character_id\":\"k\",\"character_known\":false},"
      "\"conversation_id\":\"c\"}\n\n"
      "id: 5\ndata: {\"type\":\"done\",\"finish_reason\":\"stop\",\"conversation_id\":\"c\"}\n\n");
}

TEST_CASE("a failure before the turn has begun has no conversation") {
  const auto framing = protocols::companion::kProtocol.stream({});
  std::string out;
  const Problem problem(ErrorCode::internal_error, "No.", "");
  framing->failed(out, {problem});
  CHECK(out.find("conversation_id") == std::string::npos);
  CHECK(out.ends_with("}\n\n"));
}

TEST_CASE("a whole reply is the answer of the service that clients know") {
  const auto answer = json::parse(told(
      protocols::companion::kProtocol.whole({.new_guest_token = "fg"}), event::Finished{"stop"}));
  REQUIRE(answer);
  CHECK(json::dump(*answer) ==
        R"({"character_id":"k","character_known":false,"content":"Hi}\n\n","conversation_id":"c",)"
        R"("finish_reason":"stop","guest_token":"fg","message_id":"m","model":"hermes",)"
        R"("provider":"openrouter","stream_id":"s","title":"Tea","usage":{"completion_tokens":2,)"
        R"("prompt_tokens":5,"total_tokens":7},"user_id":"u","user_message_id":"um"})");
}

TEST_CASE("a reply that broke off is a problem with what is kept") {
  const Problem problem(ErrorCode::provider_error, "It broke off.", "");
  const auto answer = json::parse(
      told(protocols::companion::kProtocol.whole({.request_id = "r"}), event::Failed{problem, 3}));
  REQUIRE(answer);
  CHECK(json::string_at(*answer, "code") == "provider_error");
  // A problem's own title, not the conversation's.
  CHECK(json::string_at(*answer, "title") == facts(ErrorCode::provider_error).title);
  CHECK(json::string_at(*answer, "content") == "Hi}\n\n");
  CHECK(json::string_at(*answer, "conversation_id") == "c");
  CHECK(json::integer_at(*answer, "stored_bytes") == 3);
}

// The message for users of companions and of live conversations when a provider fails: the sentence
// of its class, and when to try again.
#include <string>
#include <vector>

#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

struct Failure {
  std::uint32_t status;
  std::string body;
  std::string headers;
  const char* code;
  const char* told;
  bool is_retryable;
};

const std::vector<Failure> kFailures = {
    {402, R"({"error":{"message":"Insufficient Balance"}})", "", "provider_refused_request",
     "credit", false},
    {429,
     R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota",)"
     R"("code":"insufficient_quota"}})",
     "", "provider_refused_request", "credit", false},
    {401, R"({"error":{"message":"Incorrect API key"}})", "", "provider_unauthorized", "key",
     false},
    {429, R"({"error":{"message":"Slow down"}})", "retry-after: 900\n", "provider_rate_limited",
     "requests", true}};

}  // namespace

TEST_CASE("each class of failure is told in its own words, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const auto& failure : kFailures) {
      CAPTURE(failure.body);
      const auto talk = AnyTalk::make(over);
      talk->chat().world.environment["MODEL_CHAT"] = "local:first";
      auto answer = stream(failure.body);
      answer.status = failure.status;
      answer.headers = failure.headers;
      answer_always(talk->chat().model, answer);
      const auto heard = talk->say("m1", "Tell me.");
      CHECK_FALSE(heard.is_done);
      CHECK(heard.code == failure.code);
      CHECK(heard.message.find(failure.told) != std::string::npos);
      CHECK(heard.is_retryable == failure.is_retryable);
      CHECK_FALSE(heard.user_message_id.empty());
      // The turn's log line has the same failures for the operator.
      std::string logged;
      for (const auto& line : talk->chat().world.log()) {
        if (line.find("provider_failures") != std::string::npos) logged = line;
      }
      const auto log = json::parse(logged);
      REQUIRE(log);
      CHECK_FALSE(json::string_at(*log, "task").value_or("").empty());
      const auto& told = (*log)["provider_failures"][0];
      CHECK(told["route"] == "MODEL_CHAT");
      CHECK(told["provider"] == "local");
      CHECK(told["model"] == "first");
      CHECK(told["code"] == failure.code);
      CHECK(json::string_at(told, "cause")
                .value_or("")
                .starts_with("HTTP " + std::to_string(failure.status)));
      CHECK(failure.body.find(json::string_at(told, "message").value_or("none")) !=
            std::string::npos);
      // A whole answer has it in its header.
      if (!failure.headers.empty() && over != TalkOver::companion_whole) {
        CHECK(heard.retry_after_ms == 900'000);
      }
    }
  }
}

TEST_CASE("a message without an answer is joined to the next one, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    const auto talk = AnyTalk::make(over);
    talk->chat().world.environment["MODEL_CHAT"] = "local:first";
    answer_always(talk->chat().model, refusal(402));
    CHECK_FALSE(talk->say("m1", "Who keeps the light?").is_done);
    answer_always(talk->chat().model, ModelAnswer());
    talk->chat().model.tell(kStory, 5);
    CHECK(talk->say("m2", "And who put it out?").is_done);
    const auto asked = json::parse(talk->chat().model.exchanges.back()->body);
    REQUIRE(asked);
    std::string roles;
    for (const auto& message : (*asked)["messages"]) {
      roles += std::string(json::string_at(message, "role").value_or("")) + " ";
    }
    CHECK(roles == "system user ");
    CHECK(json::dump((*asked)["messages"].back()["content"]).find("Who keeps the light?") !=
          std::string::npos);
  }
}

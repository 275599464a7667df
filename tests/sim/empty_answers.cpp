// Answers without text in companions' and live conversations: the next model is asked; when none is
// left, the client gets the reason and never an end, and the message runs again when it is sent
// again.
#include <string>
#include <vector>

#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

std::string reasoning_event(std::string_view text) {
  return R"(data: {"choices":[{"index":0,"delta":{"content":null,"reasoning_content":")" +
         std::string(text) + R"("},"finish_reason":null}]})" + "\n\n";
}

struct EmptyAnswer {
  std::string bytes;
  const char* code;
  const char* told;
  bool is_retryable;
};

const std::vector<EmptyAnswer> kEmptyAnswers = {
    {end_events(), "provider_incomplete", "without a word", true},
    {text_event(" \n") + end_events(), "provider_incomplete", "without a word", true},
    {reasoning_event("Oda walked.") + end_events(), "provider_incomplete", "only reasoned", true},
    {text_event("<think>The user wants") + end_events("length"), "provider_incomplete",
     "all the tokens of its answer for reasoning", true},
    {end_events("content_filter"), "provider_refused_request", "blocked", false}};

}  // namespace

TEST_CASE("another model answers in place of one that says nothing, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const auto& empty : kEmptyAnswers) {
      CAPTURE(empty.bytes);
      const auto talk = AnyTalk::make(over);
      answer_always(talk->chat().model, stream(empty.bytes));
      talk->second->tell(kStory, 5);
      const auto heard = talk->say("m1", "Tell me.");
      CHECK(heard.text == kStory);
      CHECK(heard.is_done);
      CHECK(heard.code.empty());
      CHECK(talk->chat().model.exchanges.size() == 1);
      CHECK(talk->stored().back().content == kStory);
    }
  }
}

TEST_CASE("when no model says a word, the reason is told, and the message may be sent again") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const auto& empty : kEmptyAnswers) {
      CAPTURE(empty.bytes);
      const auto talk = AnyTalk::make(over);
      talk->chat().world.environment["MODEL_CHAT"] = "local:first";
      answer_always(talk->chat().model, stream(empty.bytes));
      const auto heard = talk->say("m1", "Tell me.");
      CHECK(heard.text.empty());
      CHECK_FALSE(heard.is_done);
      CHECK(heard.code == empty.code);
      CHECK(heard.message.find(empty.told) != std::string::npos);
      CHECK(heard.is_retryable == empty.is_retryable);
      CHECK_FALSE(heard.user_message_id.empty());
      REQUIRE(talk->stored().size() == 1);

      answer_always(talk->chat().model, ModelAnswer());
      talk->chat().model.tell(kStory, 5);
      const auto again = talk->say("m1", "Tell me.");
      CHECK(again.text == kStory);
      CHECK(again.is_done);
      CHECK(again.code.empty());
      // For the same message, which exists once.
      REQUIRE(talk->stored().size() == 2);
      CHECK(talk->stored().front().content == "Tell me.");
      CHECK(talk->stored().back().content == kStory);
      CHECK(talk->chat().database.run_again == 1);
    }
  }
}

TEST_CASE("of two models that say nothing the last one's reason is told") {
  RouteWorld chat;
  chat.world.environment["MODEL_CHAT"] = "local:first,ollama:second";
  answer_always(chat.model, stream(reasoning_event("Oda walked.") + end_events()));
  answer_always(chat.second, stream(end_events()));
  const auto& client = chat.talk("Tell me.");
  CHECK(error_code(client) == "provider_incomplete");
  CHECK(client.body().find("without a word") != std::string::npos);
  CHECK(client.body().find("only reasoned") == std::string::npos);
}

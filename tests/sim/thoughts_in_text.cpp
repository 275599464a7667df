// Reasoning that servers leave in the text: companions, live conversations and stories do not send,
// store or resend it as text.
#include <string>
#include <vector>

#include "shared/settings/table.hpp"
#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"
#include "wasm/engine/completion.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kWords = "The door was warm.";

// Both tags, over pieces that cut them; and the closing one alone, of templates that open the
// thought themselves.
std::vector<ModelAnswer> thoughtful_answers() {
  return {stream(text_event("<th") + text_event("ink>The twist: he is dead.</thi") +
                 text_event("nk>\n\n") + text_event(kWords) + end_events()),
          stream(text_event("Okay, a door. ") + text_event("The keeper is dead.\n</think>\n\n") +
                 text_event(kWords) + end_events())};
}

void use_thinking_server(ChatWorld& chat) {
  chat.world.environment["MODEL_CHAT"] = "custom:qwen3";
  chat.world.environment["CUSTOM_BASE_URL"] = "http://think.example/v1";
}

// Hears an answer as those do who watch a story.
struct Watcher final : engine::CompletionListener {
  std::string heard;
  void on_begin() override { heard.clear(); }
  void on_text(std::string_view text) override { heard.append(text); }
};

std::string answered;
std::string watched;

runtime::Task<Result<void>> ask(engine::Call& call) {
  const auto models = co_await engine::resolve_route(call, settings::named("MODEL_CHAT"));
  Watcher watcher;
  std::vector<usage::ModelCall> calls;
  const engine::Completion completion = co_await engine::complete(
      call, models, {.system_prompt = "You write.", .user_text = "A scene.", .listener = &watcher},
      calls);
  answered = completion.text;
  watched = watcher.heard;
  co_return {};
}

runtime::Task<void> handle(runtime::Context& context) {
  engine::Call call(context, "completion");
  REQUIRE(call.read_head());
  REQUIRE(call.read_settings());
  CHECK(co_await runtime::attempt(ask(call)));
  co_await call.send({});
}

}  // namespace

TEST_CASE("what is thought is neither told, stored nor sent again, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    const auto talk = AnyTalk::make(over);
    use_thinking_server(talk->chat());
    ScriptedModel model(talk->chat().world, "http://think.example/v1");
    model.first_answers = thoughtful_answers();
    for (const std::string id : {"m1", "m2"}) {
      const auto heard = talk->say(id, "A keeper finds a door.");
      CHECK(heard.text == kWords);
      CHECK(heard.is_done);
      CHECK(talk->stored().back().content == kWords);
    }
    REQUIRE(model.exchanges.size() == 2);
    CHECK(model.exchanges.back()->body.find("twist") == std::string::npos);
  }
}

TEST_CASE("a step of a story has the words alone, and so have those who watch it") {
  for (const auto& answer : thoughtful_answers()) {
    ChatWorld chat(1);
    use_thinking_server(chat);
    ScriptedModel model(chat.world, "http://think.example/v1");
    answer_always(model, answer);
    chat.world.call(&handle, "POST http://edge/functions/v1/completion\n");
    chat.world.run();
    CHECK(answered == kWords);
    CHECK(watched == kWords);
  }
}

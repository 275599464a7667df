// Replies that a token limit or a filter has cut off, in companions' and live conversations: the
// reason is reported, and the stored message is incomplete.
#include <string>

#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

TEST_CASE("a cut reply is told with its reason, and stored with it, in every kind") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const std::string reason : {"length", "content_filter", "stop"}) {
      CAPTURE(reason);
      const auto talk = AnyTalk::make(over);
      answer_always(talk->chat().model,
                    stream(text_event("She climbed the sta") + end_events(reason)));
      const auto heard = talk->say("m1", "Tell me.");
      CHECK(heard.text == "She climbed the sta");
      CHECK(heard.is_done);
      CHECK(heard.finish_reason == reason);
      // The database derives from this reason that a message is incomplete.
      CHECK(talk->chat().database.generations.back().finish_reason == reason);
    }
  }
}

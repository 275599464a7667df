// Reports from the field about chats, in companions' and live conversations.
#include <string>
#include <vector>

#include "tests/sim/field_case.hpp"
#include "tests/sim/peers/any_talk.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

// A provider, as the cases name it, with the path of its requests.
struct Asked {
  std::string route;
  std::string setting;
  std::string path;
};

const Asked kOpenai{"openai:gpt-5-mini", "OPENAI", "/chat/completions"};
const Asked kAnthropic{"anthropic:claude-sonnet-4-5", "ANTHROPIC", "/messages"};
const Asked kGemini{"gemini:gemini-2.5-flash", "GEMINI",
                    "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"};
const Asked kCustom{"custom:qwen3", "CUSTOM", "/chat/completions"};

constexpr const char* kAddress = "http://asked.example/v1";

void use(AnyTalk& talk, const Asked& asked, const std::string& others = {}) {
  auto& environment = talk.chat().world.environment;
  environment["MODEL_CHAT"] = asked.route + others;
  environment[asked.setting + "_BASE_URL"] = kAddress;
  environment[asked.setting + "_API_KEY"] = "sk-simulated";
}

struct EmptyReply {
  Asked asked;
  std::string file;
  std::string code;
};

const std::vector<EmptyReply> kEmptyReplies{
    {kGemini, "gemini-max-tokens-while-thinking.sse", "provider_incomplete"},
    {kGemini, "gemini-prompt-blocked.sse", "provider_refused_request"},
    {kAnthropic, "anthropic-refusal-without-content.sse", "provider_refused_request"},
    {kOpenai, "openai-length-all-reasoning.sse", "provider_incomplete"},
    {kCustom, "openai-answer-only-in-reasoning.sse", "provider_incomplete"}};

}  // namespace

TEST_CASE("case 02 in every kind: without a word another model is asked, else the reason is told") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const auto& [asked, file, code] : kEmptyReplies) {
      CAPTURE(file);
      for (const bool has_other : {true, false}) {
        CAPTURE(has_other);
        const auto talk = AnyTalk::make(over);
        use(*talk, asked, has_other ? ",ollama:second" : "");
        ScriptedModel model(talk->chat().world, kAddress, asked.path);
        answer_always(model, stream(read_case("02-empty-reply-is-done/" + file)));
        talk->second->tell(kStory, 5);
        const auto heard = talk->say("m1", "Write the scene in which the keeper is drowned.");
        CHECK(model.exchanges.size() == 1);
        CHECK(heard.is_done == has_other);
        CHECK(heard.text == (has_other ? kStory : ""));
        CHECK(heard.code == (has_other ? "" : code));
        CHECK(talk->stored().size() == (has_other ? 2 : 1));
      }
    }
  }
}

TEST_CASE(
    "case 03 in every kind: what nobody has answered is in one message with what comes next") {
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const auto& asked : {kOpenai, kAnthropic, kGemini, kCustom}) {
      CAPTURE(asked.route);
      const auto talk = AnyTalk::make(over);
      use(*talk, asked);
      ScriptedModel model(talk->chat().world, kAddress, asked.path);
      answer_always(model, refusal(503));
      CHECK_FALSE(talk->say("m1", "A keeper finds a door in the sea.").is_done);
      CHECK_FALSE(talk->say("m2", "Are you there? Help me begin.").is_done);
      const auto body = *json::parse(model.exchanges.back()->body);
      const auto& messages = body.contains("contents") ? body["contents"] : body["messages"];
      std::size_t users = 0;
      for (const auto& message : messages) users += message["role"] == "user" ? 1 : 0;
      CHECK(users == 1);
      CHECK(messages.back()["role"] == "user");
      const auto said = json::dump(messages.back());
      CHECK(said.find("A keeper finds a door in the sea.") != std::string::npos);
      CHECK(said.find("Are you there? Help me begin.") != std::string::npos);
    }
  }
}

TEST_CASE("case 05 in every kind: a cut reply says so, in each provider's words") {
  struct Cut {
    Asked asked;
    std::string file;
    std::string text;
    std::string reason;
  };
  const std::vector<Cut> cuts{
      {kOpenai, "openai-length.sse", "Oda put her hand on the", "length"},
      {kAnthropic, "anthropic-max-tokens.sse", "Oda put her hand on the", "length"},
      {kGemini, "gemini-max-tokens.sse", "Oda put her hand on the cold", "length"},
      {kOpenai, "openai-content-filter.sse", "Pell drew the knife and", "content_filter"}};
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const auto& [asked, file, text, reason] : cuts) {
      CAPTURE(file);
      const auto talk = AnyTalk::make(over);
      use(*talk, asked);
      ScriptedModel model(talk->chat().world, kAddress, asked.path);
      answer_always(model, stream(read_case("05-cut-by-length-looks-whole/" + file)));
      const auto heard = talk->say("m1", "Write on.");
      CHECK(heard.text == text);
      CHECK(heard.is_done);
      CHECK(heard.finish_reason == reason);
      CHECK(talk->chat().database.generations.back().finish_reason == reason);
    }
  }
}

TEST_CASE("case 15 in every kind: what is thought is not told, and what is told of thoughts is") {
  const std::string kWords = "The door was warm.";
  const std::string kTalkedAbout =
      "On the wall someone had scratched <think> and below it </think>. " + kWords;
  for (const auto over : kEveryTalk) {
    CAPTURE(name(over));
    for (const std::string file :
         {"both-tags.sse", "closing-tag-only.sse", "tag-over-chunks.sse", "talked-about.sse"}) {
      CAPTURE(file);
      const auto talk = AnyTalk::make(over);
      use(*talk, kCustom);
      ScriptedModel model(talk->chat().world, kAddress);
      answer_always(model, stream(read_case("15-think-tags-in-reply/" + file)));
      const auto heard = talk->say("m1", "A keeper finds a door.");
      const auto& wanted = file == "talked-about.sse" ? kTalkedAbout : kWords;
      CHECK(heard.text == wanted);
      CHECK(heard.is_done);
      CHECK(talk->stored().back().content == wanted);
      talk->say("m2", "And then?");
      CHECK(model.exchanges.back()->body.find("keeper is dead") == std::string::npos);
    }
  }
}

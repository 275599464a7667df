// Models of every wire format answer turns, and replace each other.
#include <string>

#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

constexpr std::string_view kAnthropicPath = "/messages";
constexpr std::string_view kGeminiPath = "/models/gemini-pro:streamGenerateContent?alt=sse";

std::string event(std::string_view name, const std::string& data) {
  return "event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"," + data +
         "}\n\n";
}

ModelAnswer anthropic_story() {
  return stream(
      event("message_start", R"("message":{"content":[],"usage":{"input_tokens":11}})") +
      event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})") +
      event("content_block_delta",
            R"("index":0,"delta":{"type":"text_delta","text":")" + kStory + "\"}") +
      event("content_block_stop", R"("index":0)") +
      event("message_delta", R"("delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7})") +
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

ModelAnswer gemini_story() {
  return stream(R"(data: {"candidates":[{"content":{"role":"model","parts":[{"text":")" + kStory +
                R"("}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":11,)" +
                "\"candidatesTokenCount\":7}}\r\n\r\n");
}

struct FormatsWorld : ChatWorld {
  FormatsWorld() : ChatWorld(1) {
    world.environment.insert({{"ANTHROPIC_API_KEY", "sk-ant-simulated"},
                              {"ANTHROPIC_BASE_URL", "http://127.0.0.1:20/v1"},
                              {"GEMINI_API_KEY", "simulated"},
                              {"GEMINI_BASE_URL", "http://127.0.0.1:30/v1beta"}});
    answer_always(anthropic, anthropic_story());
    answer_always(gemini, gemini_story());
    model.tell(kStory, 20);
  }
  ScriptedModel anthropic{world, "http://127.0.0.1:20/v1", kAnthropicPath};
  ScriptedModel gemini{world, "http://127.0.0.1:30/v1beta", kGeminiPath};
};

void check_tokens(const sim::Client& client) {
  const auto events = read_events(client);
  const auto& tokens = *json::find(*json::find(*events.find("metadata"), "metadata"), "tokens");
  CHECK(json::integer_at(tokens, "in") == 11);
  CHECK(json::integer_at(tokens, "out") == 7);
}

}  // namespace

TEST_CASE("Anthropic's and Gemini's models are asked and understood in their own formats") {
  FormatsWorld chat;
  chat.world.environment["MODEL_CHAT"] = "anthropic:claude-sonnet";
  const auto& first = chat.talk("Who lives here?");
  check_answered_by(chat, first, "anthropic", "claude-sonnet", 1);
  check_tokens(first);
  chat.world.environment["MODEL_CHAT"] = "gemini:gemini-pro";
  const auto& second = chat.talk("And where?", ScriptedDatabase::make_id(1));
  check_answered_by(chat, second, "gemini", "gemini-pro", 1);
  check_tokens(second);

  const auto to_anthropic = *json::parse(chat.anthropic.exchanges.at(0)->body);
  CHECK(to_anthropic["messages"].size() == 1);
  CHECK(to_anthropic["system"].is_string());
  CHECK(chat.anthropic.exchanges[0]->head.find("x-api-key: sk-ant-simulated") != std::string::npos);
  const auto to_gemini = *json::parse(chat.gemini.exchanges.at(0)->body);
  CHECK(to_gemini["contents"].size() == 3);
  CHECK(to_gemini["contents"][1]["role"] == "model");
}

TEST_CASE("a model of another format stands in, before the first token") {
  FormatsWorld chat;
  chat.world.environment["MODEL_CHAT"] = "anthropic:claude-sonnet,gemini:gemini-pro,local:scripted";
  answer_always(chat.anthropic,
                stream(event("error", R"("error":{"type":"overloaded_error","message":"no"})"),
                       ModelAnswer::End::stay_open));
  answer_always(chat.gemini, refusal(400));
  check_answered_by(chat, chat.talk("Who lives here?"), "local", "scripted", 4);
  CHECK(chat.anthropic.exchanges.size() == 2);
  CHECK(chat.gemini.exchanges.size() == 1);
}

TEST_CASE("an answer of any format that breaks off is kept as far as it came, and not repeated") {
  for (const std::string route : {"anthropic:claude-sonnet", "gemini:gemini-pro"}) {
    CAPTURE(route);
    FormatsWorld chat;
    chat.world.environment["MODEL_CHAT"] = route + ",local:scripted";
    for (auto* model : {&chat.anthropic, &chat.gemini}) {
      auto& bytes = model->pieces[0].bytes;
      const auto last =
          bytes.rfind(model == &chat.gemini ? "\"finishReason\"" : "event: message_delta");
      bytes.resize(last);
      if (model == &chat.gemini) bytes += "\"index\":0}]}\r\n\r\n";
    }
    const auto& client = chat.talk("Who lives here?");
    CHECK(read_events(client).text == kStory);
    CHECK(error_code(client) == "provider_incomplete");
    CHECK(chat.model.exchanges.empty());
    CHECK_FALSE(chat.database.sessions.begin()->second.back().is_complete);
  }
}

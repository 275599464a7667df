// Reports from the field, each with the input that showed it: tests/fixtures/cases.
#include <string>
#include <string_view>
#include <vector>

#include "functions/stream/stream.hpp"
#include "shared/http/head.hpp"
#include "tests/sim/field_case.hpp"
#include "tests/sim/route_world.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";

// A world with a key for each provider of the cases, at the provider's own address.
struct CaseWorld : ChatWorld {
  explicit CaseWorld(const std::string& route) : ChatWorld(1) {
    world.environment.insert({{"OPENAI_API_KEY", "sk-simulated"},
                              {"ANTHROPIC_API_KEY", "sk-ant-simulated"},
                              {"GEMINI_API_KEY", "simulated"},
                              {"DEEPSEEK_API_KEY", "sk-simulated"},
                              {"CUSTOM_BASE_URL", "http://custom.example/v1"}});
    world.environment["MODEL_CHAT"] = route;
    openai.tell(kStory, 5);
  }
  ScriptedModel openai{world, "https://api.openai.com/v1"};
  ScriptedModel anthropic{world, "https://api.anthropic.com/v1", "/messages"};
  ScriptedModel gemini{world, "https://generativelanguage.googleapis.com/v1beta",
                       "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"};
  ScriptedModel custom{world, "http://custom.example/v1"};

  // Every model answers with this body.
  void answer_with(const std::string& file) {
    const auto answer = stream(read_case(file));
    for (auto* asked : {&openai, &anthropic, &gemini, &custom}) answer_always(*asked, answer);
  }

  sim::Client& ask(const json::Document& body, const std::string& headers = kGuest) {
    auto& client = post(json::dump(body), headers);
    world.run();
    CHECK(world.open_exchanges() == 0);
    return client;
  }
};

// A bot with the route's first model answers through the relay.
sim::Client& relay(ChatWorld& chat) {
  const auto route = chat.world.environment["MODEL_CHAT"];
  const auto colon = route.find(':');
  chat.database.bot = {{"provider", route.substr(0, colon)},
                       {"model", route.substr(colon + 1)},
                       {"system", nullptr}};
  auto& client = chat.world.call(
      &stream_function::handle,
      "POST http://edge/functions/v1/stream/v1/stream\ncontent-type: application/json\n" + kGuest,
      R"({"bot_id":3,"conversation_id":7,"prompt":"Write on.","stream_id":"s-1"})");
  chat.world.run();
  return client;
}

// The types of the events after the text.
std::vector<std::string> ending(const sim::Client& client) {
  std::vector<std::string> types;
  for (const auto& event : read_events(client).others) {
    types.emplace_back(json::string_at(event, "type").value_or(""));
  }
  return types;
}

const std::vector<std::string> kWhole{"metadata", "done"};
const std::vector<std::string> kFailed{"error"};

json::Document error_of(const sim::Client& client) {
  const auto events = read_events(client);
  REQUIRE(events.find("error"));
  return *json::find(*events.find("error"), "error");
}

json::Document messages_sent(const ScriptedModel& model) {
  return (*json::parse(model.exchanges.back()->body))["messages"];
}

}  // namespace

TEST_CASE("case 02: a reply without a word is no reply, and another model is asked") {
  const std::string folder = "02-empty-reply-is-done";
  const auto scenario = scenario_of(folder);
  const auto& step = scenario["steps"][0];
  CaseWorld chat(text_of(scenario["settings"], "MODEL_CHAT"));
  chat.answer_with(folder + "/" + text_of(step["upstream"][0], "body_file"));
  const auto wanted = text_of(step["expect"], "text");
  answer_always(chat.openai, ModelAnswer());
  chat.openai.tell(wanted, 5);
  const auto& client = chat.ask(step["request"]["body"]);
  CHECK(read_events(client).text == wanted);
  CHECK(ending(client) == kWhole);
  CHECK(chat.gemini.exchanges.size() == 1);
  CHECK(chat.openai.exchanges.size() == 1);
  CHECK(chat.database.sessions.begin()->second.back().content == wanted);
  // A model that thinks by default is left room for its answer.
  const auto asked = *json::parse(chat.gemini.exchanges.at(0)->body);
  const auto& generation = asked["generationConfig"];
  const auto budget = json::integer_at(generation["thinkingConfig"], "thinkingBudget");
  REQUIRE(budget);
  CHECK(*budget <= json::integer_at(generation, "maxOutputTokens").value_or(0) / 2);
}

TEST_CASE("case 02: with no other model the reason is told, and never an end") {
  struct Told {
    const char* file;
    const char* code;
    const char* words;
    bool is_retryable;
  };
  constexpr Told kTold[] = {
      {"gemini-max-tokens-while-thinking.sse", "provider_incomplete", "for reasoning", true},
      {"anthropic-refusal-without-content.sse", "provider_refused_request", "refused to answer",
       false},
      {"openai-length-all-reasoning.sse", "provider_incomplete", "for reasoning", true},
      {"openai-answer-only-in-reasoning.sse", "provider_incomplete", "only reasoned", true},
      {"gemini-prompt-blocked.sse", "provider_refused_request", "blocked", false}};
  const std::string folder = "02-empty-reply-is-done";
  auto variants = scenario_of(folder)["variants"];
  variants.push_back(
      {{"MODEL_CHAT", "gemini:gemini-2.5-flash"}, {"body_file", "gemini-prompt-blocked.sse"}});
  REQUIRE(variants.size() == std::size(kTold));
  for (std::size_t at = 0; at < std::size(kTold); ++at) {
    const auto& told = kTold[at];
    CAPTURE(told.file);
    REQUIRE(text_of(variants[at], "body_file") == told.file);
    CaseWorld chat(text_of(variants[at], "MODEL_CHAT"));
    chat.answer_with(folder + "/" + told.file);
    const auto& client = chat.ask({{"text", "Write the scene in which the keeper is drowned."}});
    CHECK(read_events(client).text.empty());
    CHECK(ending(client) == kFailed);
    const auto error = error_of(client);
    CHECK(json::string_at(error, "code") == told.code);
    CHECK(text_of(error, "message").find(told.words) != std::string::npos);
    CHECK(json::boolean_at(error, "retryable") == told.is_retryable);
    CHECK_FALSE(text_of(error, "user_message_id").empty());
    CHECK(chat.database.generations.back().status == "failed");
    CHECK(chat.database.sessions.begin()->second.size() == 1);

    const auto& relayed = relay(chat);
    CHECK(relayed.body().find("event: done") == std::string::npos);
    CHECK(relayed.body().find(told.code) != std::string::npos);

    // A whole answer is a problem, not an empty text.
    const auto& whole = chat.ask({{"text", "Once more."}}, kGuest + "accept: application/json\n");
    CHECK(whole.status() >= 400);
    CHECK(whole.body().find(told.code) != std::string::npos);
  }
}

TEST_CASE("case 03: a conversation with a strict model goes on after a turn without a reply") {
  const std::string folder = "03-two-user-messages-in-a-row";
  const auto scenario = scenario_of(folder);
  struct Strict {
    const char* route;
    const char* base_url;
    const char* file;
    std::uint32_t status;
  };
  for (const auto& [route, base_url, file, status] :
       {Strict{"deepseek:deepseek-reasoner", "https://api.deepseek.com/v1", "strict-400.json", 400},
        Strict{"llamacpp:gemma-3", "http://127.0.0.1:8080/v1", "strict-500.json", 500}}) {
    CAPTURE(route);
    CaseWorld chat(route);
    bool is_down = true;
    std::string reply;
    json::Document last_messages;
    const auto refusal_body = read_case(folder + "/" + file);
    chat.world.serve(std::string(base_url) + "/chat/completions",
                     [&, code = status](const std::shared_ptr<sim::Exchange>& exchange) {
                       last_messages = (*json::parse(exchange->body))["messages"];
                       std::size_t at = last_messages[0]["role"] == "system" ? 1 : 0;
                       bool is_alternating = (last_messages.size() - at) % 2 == 1;
                       for (std::string role = "user"; at < last_messages.size(); ++at) {
                         is_alternating = is_alternating && last_messages[at]["role"] == role;
                         role = role == "user" ? "assistant" : "user";
                       }
                       const auto answered = is_down ? 503u : is_alternating ? 200u : code;
                       const auto bytes = answered == 200 ? text_event(reply) + end_events()
                                          : is_down       ? ""
                                                          : refusal_body;
                       chat.world.clock().after(5, [exchange, answered, bytes] {
                         exchange->respond(answered);
                         exchange->send(bytes);
                         exchange->end();
                       });
                     });
    json::Document session_id;
    for (const auto& step : scenario["steps"]) {
      json::Document body = step["request"]["body"];
      if (!session_id.is_null()) body["session_id"] = session_id;
      is_down = session_id.is_null();
      reply = text_of(step["upstream"][0], "text");
      const auto& client = chat.ask(body);
      std::vector<std::string> wanted;
      for (const auto& type : step["expect"]["ending"]) wanted.emplace_back(type);
      CHECK(ending(client) == wanted);
      CHECK(read_events(client).text == reply);
      session_id = chat.database.sessions.begin()->first;
    }
    // Nothing that was said is lost.
    const auto sent = json::dump(last_messages);
    for (const char* said : {"A keeper finds a door in the sea.", "Are you there?", "And then?"}) {
      CHECK(sent.find(said) != std::string::npos);
    }
  }
}

TEST_CASE("case 05: a reply that was cut says so, in the chat and in the relay") {
  struct Cut {
    const char* route;
    const char* file;
    const char* text;
    const char* reason;
  };
  for (const auto& [route, file, text, reason] :
       {Cut{"openai:gpt-4o-mini", "openai-length.sse", "Oda put her hand on the", "length"},
        Cut{"anthropic:claude-sonnet-4-5", "anthropic-max-tokens.sse", "Oda put her hand on the",
            "length"},
        Cut{"gemini:gemini-2.5-flash", "gemini-max-tokens.sse", "Oda put her hand on the cold",
            "length"},
        Cut{"openai:gpt-4o-mini", "openai-content-filter.sse", "Pell drew the knife and",
            "content_filter"}}) {
    CAPTURE(file);
    CaseWorld chat(route);
    chat.answer_with("05-cut-by-length-looks-whole/" + std::string(file));
    const auto& client = chat.ask({{"text", "Write on."}});
    const auto events = read_events(client);
    CHECK(events.text == text);
    CHECK(ending(client) == kWhole);
    CHECK(json::string_at(*json::find(*events.find("metadata"), "metadata"), "finish_reason") ==
          reason);
    CHECK(json::string_at(*events.find("done"), "finish_reason") == reason);
    CHECK(chat.database.generations.back().finish_reason == reason);

    const auto& relayed = relay(chat);
    CAPTURE(relayed.body());
    CHECK(relayed.body().ends_with(R"("finish_reason":")" + std::string(reason) + "\"}\n\n"));
  }
}

TEST_CASE("case 12: a guest's first message that is sent three times is one turn") {
  const auto step = scenario_of("12-guest-first-message-twice")["steps"][0];
  const auto headers =
      kGuest + "idempotency-key: " + text_of(step["request"]["headers"], "Idempotency-Key") + "\n";
  const auto body = json::dump(step["request"]["body"]);
  const auto wanted = text_of(step["upstream"][0], "text");
  ChatWorld chat(1);
  chat.model.tell(wanted, 600);
  auto& first = chat.post(body, headers);
  auto& at_once = chat.post(body, headers);
  chat.world.run_for(800);
  auto& while_it_streams = chat.post(body, headers);
  chat.world.run();
  chat.world.run_for(2'000);
  auto& afterwards = chat.post(body, headers);
  chat.world.run();
  const auto session_of = [](const sim::Client& client) {
    const auto head = http::parse_response_head(client.head());
    REQUIRE(head);
    CHECK_FALSE(head->headers.find("x-guest-token"));
    return std::string(head->headers.find("x-session-id").value_or(""));
  };
  for (auto* client : {&first, &at_once, &while_it_streams, &afterwards}) {
    CHECK(read_events(*client).text == wanted);
    CHECK(ending(*client) == kWhole);
    CHECK(session_of(*client) == session_of(first));
  }
  CHECK(chat.model.exchanges.size() == 1);
  CHECK(chat.database.sessions.size() == 1);
  CHECK(chat.database.generations.size() == 1);
  CHECK(chat.database.sessions.begin()->second.size() == 2);
}

TEST_CASE("case 13: the retry of a turn that failed runs, on the message that is there") {
  const auto steps = scenario_of("13-retry-of-failed-turn")["steps"];
  const auto& request = steps[0]["request"];
  const auto headers =
      kGuest + "idempotency-key: " + text_of(request["headers"], "Idempotency-Key") + "\n";
  for (const std::string route : {"openai:gpt-4o-mini", "anthropic:claude-sonnet-4-5",
                                  "gemini:gemini-2.5-flash", "custom:qwen"}) {
    CAPTURE(route);
    CaseWorld chat(route);
    auto down = stream(text_of(steps[0]["upstream"][0], "body"));
    down.status = 503;
    for (auto* model : {&chat.openai, &chat.anthropic, &chat.gemini, &chat.custom}) {
      answer_always(*model, down);
    }
    const auto& first = chat.ask(request["body"], headers);
    CHECK(ending(first) == kFailed);
    const auto error = error_of(first);
    CHECK(json::boolean_at(error, "retryable") == true);
    const auto question = text_of(error, "user_message_id");
    CHECK_FALSE(question.empty());

    chat.world.environment["MODEL_CHAT"] = "local:scripted";
    const auto wanted = text_of(steps[1]["expect"], "text");
    chat.model.tell(wanted, 5);
    const auto& second = chat.ask(request["body"], headers);
    CHECK(read_events(second).text == wanted);
    CHECK(ending(second) == kWhole);
    const auto& messages = chat.database.sessions.begin()->second;
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].role == "user");
    CHECK(messages[1].role == "assistant");
    // The model is told the message once.
    CHECK(messages_sent(chat.model).size() == 2);
  }
}

TEST_CASE("case 14: what a model goes on with is joined to what is there") {
  const auto seams = scenario_of("14-continue-glues-words")["seams"];
  REQUIRE(seams.size() == 5);
  for (const auto& seam : seams) {
    const auto partial = text_of(seam, "partial");
    const auto stored = text_of(seam, "stored");
    CAPTURE(stored);
    ChatWorld chat(1);
    answer_always(chat.model, stream(text_event(partial) + end_events("length")));
    chat.post(R"({"text":"Tell me."})", kGuest);
    chat.world.run();
    // Each character is a piece.
    chat.model.pieces.clear();
    for (const char c : text_of(seam, "continuation")) {
      chat.model.pieces.push_back({1, text_event(std::string(1, c))});
    }
    chat.model.pieces.push_back({1, end_events()});
    const auto session = chat.database.sessions.begin()->first;
    auto& client = chat.post_to("chat/messages/" + session + "/continue", "", kGuest);
    chat.world.run();
    CHECK(partial + read_events(client).text == stored);
    CHECK(chat.database.sessions.begin()->second.back().content == stored);
  }
}

TEST_CASE("case 15: what a local model thinks is no part of the story; what it tells is") {
  struct Thought {
    const char* file;
    std::string text;
    std::string reasoning;
  };
  const std::string kWords = "The door was warm.";
  for (const auto& [file, text, reasoning] :
       {Thought{"both-tags.sse", kWords,
                "\nThe user wants a door. Twist for later: the keeper is dead.\n"},
        Thought{"closing-tag-only.sse", kWords,
                "Okay, a door. Twist for later: the keeper is dead.\n"},
        Thought{"tag-over-chunks.sse", kWords, "planning"},
        Thought{"talked-about.sse",
                "On the wall someone had scratched <think> and below it </think>. " + kWords,
                ""}}) {
    // A server in OpenAI's place has models of its own too.
    for (const std::string route :
         {"custom:qwen3", "llamacpp:deepseek-r1", "ollama:qwq", "openai:qwen3"}) {
      CAPTURE(file);
      CAPTURE(route);
      CaseWorld chat(route);
      for (const std::string name : {"OPENAI", "OLLAMA", "LLAMACPP"}) {
        chat.world.environment[name + "_BASE_URL"] = "http://custom.example/v1";
      }
      chat.answer_with("15-think-tags-in-reply/" + std::string(file));
      const auto& client = chat.ask({{"text", "A keeper finds a door."}, {"reasoning", true}});
      const auto events = read_events(client);
      CHECK(events.text == text);
      std::string heard;
      for (const auto& event : events.others) {
        if (json::string_at(event, "type") == "reasoning") {
          heard += json::string_at(event, "content").value_or("");
        }
      }
      CHECK(heard == reasoning);
      CHECK(chat.database.sessions.begin()->second.back().content == text);

      const std::string session = chat.database.sessions.begin()->first;
      CHECK(relay(chat).body().find("keeper is dead") == std::string::npos);
      CHECK(chat.database.generations.back().text() == text);
      chat.ask({{"text", "And then?"}, {"session_id", session}});
      const auto sent = messages_sent(chat.custom);
      CHECK(sent[sent.size() - 2]["content"] == text);
    }
  }
}

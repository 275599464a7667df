// The tools of a live conversation: those offered to the model, their answers, and that each call
// and each result is an event of the session.
#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/peers/realtime_client.hpp"
#include "tests/sim/peers/stalls.hpp"
#include "tests/sim/route_world.hpp"
#include "wasm/engine/tool_rounds.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kTools =
    R"([{"name":"dice","description":"Rolls dice.","url":"https://tools.example/dice",)"
    R"("parameters":{"type":"object","properties":{"sides":{"type":"integer"}}},)"
    R"("headers":{"x-key":"secret"}}])";
const std::string kModes =
    R"({"plot":{"prompt":"You plan plots.","tools":["look_up_character"],"keywords":["plot"]},)"
    R"("talk":{"prompt":"You only talk."}})";
const std::string kNothingFound = R"("locations":[],"objects":[],"themes":[],"plot_points":[],)"
                                  R"("open_questions":[],"story":[],"renames":[],"retractions":[])";

std::string call_events(std::string_view name, std::string_view arguments) {
  const json::Document piece = {{"index", 0},
                                {"id", "call_a"},
                                {"type", "function"},
                                {"function", {{"name", name}, {"arguments", arguments}}}};
  const json::Document chunk = {
      {"choices", {{{"index", 0}, {"delta", {{"tool_calls", json::Document::array({piece})}}}}}}};
  return "data: " + json::dump(chunk) + "\n\n" + end_events("tool_calls");
}

// A session whose model calls a tool once, and then writes a reply about the result.
struct ToolWorld : RealtimeWorld {
  ToolWorld() : RealtimeWorld(1) {
    world.environment["FABULA_TOOLS"] = kTools;
    world.environment["FABULA_UPSTREAM_HOSTS"] = "tools.example";
    model.tell("So it is.", 5);
    database.project_id = "00000000-0000-4000-8000-000000000001";
    database.answers["read_dossier_log"] =
        R"({"project_id":"p","user_id":"u","name":"n","head":2,"folded_to":0,"log_start":0,)"
        R"("snapshot":null,"entries":[)" +
        character("1", "Mara") + "," + character("2", "Tom") + "]}";
    database.answers["commit_assertions"] =
        R"({"head":3,"added":1,"folded_to":3,"log_start":0,"tail":null})";
    database.functions["add_conversation_event"] = [this](const json::Document& event) {
      events.push_back(event);
      return ScriptedDatabase::Answer{200, R"({"id":)" + std::to_string(events.size()) + "}"};
    };
    world.serve("https://tools.example/", [this](auto exchange) {
      tool_calls.push_back(exchange);
      if (tool_stall) return stall_with(world, exchange, *tool_stall);
      world.clock().after(tool_answers_after_ms, [this, exchange] {
        exchange->respond(tool_status, "content-type: text/plain\n");
        exchange->send(tool_answer);
        exchange->end();
      });
    });
  }

  static std::string character(const std::string& number, const std::string& name) {
    return R"({"assertion_id":"0000000)" + number + std::string(56, '0') +
           R"(","kind":"user","message_id":null,"position":)" + number +
           R"(,"body":{"do":"add","type":"character","name":")" + name +
           R"(","operation":"o","at":1}})";
  }

  void calls(std::string_view name, std::string_view arguments = "{}") {
    model.first_answers.push_back(stream(call_events(name, arguments)));
  }

  // One message of a new session, to the end of its reply.
  void talk(const std::string& text = "Tell me of Mara.", const std::string& mode = {}) {
    auto& socket = open("demo123", "fabula.v1");
    world.run_for(100);
    socket.send_text(typed("hello"));
    world.run_for(100);
    std::string body = R"("id":"m1","text":)";
    json::Writer(body).string(text);
    if (!mode.empty()) body += R"(,"mode":")" + mode + "\"";
    socket.send_text(typed("message", body));
    world.run_for(40'000);
    client = &socket;
  }

  void end() {
    client->close(1000);
    world.run();
    CHECK(world.unfinished_requests() == 0);
    CHECK(world.open_exchanges() == 0);
  }

  json::Document asked(std::size_t request) const {
    return *json::parse(model.exchanges.at(request)->body);
  }
  std::vector<std::string> offered(std::size_t request = 0) const {
    std::vector<std::string> names;
    const auto body = asked(request);
    const auto* tools = json::find(body, "tools");
    if (!tools) return names;
    for (const auto& tool : *tools) names.push_back(text_in(tool["function"], "name"));
    return names;
  }
  std::string prompt() const { return text_in(asked(0)["messages"][0], "content"); }
  // The answer to the model's only call.
  std::string answered() const { return text_in(asked(1)["messages"].back(), "content"); }

  std::vector<json::Document> events;
  std::vector<std::shared_ptr<sim::Exchange>> tool_calls;
  std::int64_t tool_answers_after_ms = 50;
  std::optional<Stall> tool_stall;
  std::uint32_t tool_status = 200;
  std::string tool_answer = "A six.";
  sim::Client* client = nullptr;
};

using Names = std::vector<std::string>;

void check_done(const ToolWorld& chat, std::string_view finish_reason = "stop") {
  CHECK(text_in(last_of(*chat.client, "done"), "finish_reason") == finish_reason);
}

}  // namespace

TEST_CASE("with a project the dossier's tools are offered, without one only the operator's") {
  ToolWorld chat;
  chat.talk();
  CHECK(chat.offered() ==
        Names{"read_dossier", "look_up_character", "propose_dossier_change", "dice"});
  check_done(chat);
  chat.end();

  ToolWorld alone;
  alone.database.project_id.clear();
  alone.talk();
  CHECK(alone.offered() == Names{"dice"});
  alone.end();
}

TEST_CASE("a mode has its own prompt and tools; the first message chooses it") {
  const auto check = [](const std::string& text, const std::string& mode, const Names& tools,
                        const std::string& prompt) {
    CAPTURE(text);
    ToolWorld chat;
    chat.world.environment["FABULA_MODES"] = kModes;
    chat.talk(text, mode);
    CHECK(chat.offered() == tools);
    if (!prompt.empty()) CHECK(chat.prompt().starts_with(prompt));
    const auto& messages = chat.sessions.messages(*chat.sessions.only());
    CHECK(text_in(messages.front().metadata, "task") == (prompt.empty()               ? ""
                                                         : prompt == "You only talk." ? "talk"
                                                                                      : "plot"));
    chat.end();
  };
  check("A plot, please.", "", {"look_up_character"}, "You plan plots.");
  check("A plot, please.", "talk", {}, "You only talk.");
  check("Hello.", "", {"read_dossier", "look_up_character", "propose_dossier_change", "dice"}, "");
}

TEST_CASE("a mode that is not configured is refused, and the message can be sent again") {
  ToolWorld chat;
  chat.world.environment["FABULA_MODES"] = kModes;
  chat.talk("Hello.", "poems");
  const auto error = last_of(*chat.client, "error");
  CHECK(text_in(error, "id") == "m1");
  CHECK(text_in(error, "code") == "invalid_request");
  CHECK(chat.model.exchanges.empty());
  chat.client->send_text(typed("message", R"("id":"m1","text":"Hello.","mode":"plot")"));
  chat.world.run_for(5'000);
  CHECK(chat.prompt().starts_with("You plan plots."));
  check_done(chat);
  chat.end();
}

TEST_CASE("the mode is the conversation's for good, also on another connection") {
  ToolWorld chat;
  chat.world.environment["FABULA_MODES"] = kModes;
  chat.talk("A plot, please.");
  const auto token = text_in(last_of(*chat.client, "ready"), "guest_token");
  chat.client->close(1000);
  auto& socket = chat.open("demo123", "fabula.v1, " + token);
  chat.world.run_for(100);
  socket.send_text(typed("hello"));
  socket.send_text(typed("message", R"("id":"m2","text":"Go on.","mode":"talk")"));
  chat.world.run_for(10'000);
  chat.client = &socket;
  REQUIRE(chat.model.exchanges.size() == 2);
  CHECK(text_in(chat.asked(1)["messages"][0], "content").starts_with("You plan plots."));
  CHECK(chat.offered(1) == Names{"look_up_character"});
  chat.end();
}

TEST_CASE("read_dossier gives all of it, or one part") {
  ToolWorld chat;
  chat.calls("read_dossier");
  chat.talk();
  const auto all = json::parse(chat.answered());
  REQUIRE(all);
  CHECK((*all)["characters"].size() == 2);
  CHECK(json::find(*all, "themes"));
  check_done(chat);
  CHECK(chat.sessions.messages(*chat.sessions.only()).back().content == "So it is.");
  chat.end();

  ToolWorld part;
  part.calls("read_dossier", R"({"part":"characters"})");
  part.talk();
  CHECK(json::parse(part.answered())->size() == 2);
  part.end();

  ToolWorld unknown;
  unknown.calls("read_dossier", R"({"part":"weather"})");
  unknown.talk();
  CHECK(unknown.answered() == "The dossier has no such part.");
  unknown.end();
}

TEST_CASE("look_up_character finds one by name, in any case, and says when there is none") {
  for (const auto& [arguments, found] :
       std::vector<std::pair<std::string, std::string>>{{R"({"name":"mara"})", "\"Mara\""},
                                                        {R"({"name":"Nobody"})", "nobody of this"},
                                                        {R"({"name":7})", "Say which name"},
                                                        {"{}", "Say which name"}}) {
    CAPTURE(arguments);
    ToolWorld chat;
    chat.calls("look_up_character", arguments);
    chat.talk();
    CHECK(chat.answered().find(found) != std::string::npos);
    CHECK(chat.answered().find("Tom") == std::string::npos);
    check_done(chat);
    chat.end();
  }
}

TEST_CASE("a proposal is stored as one, with the person's own words; without them it is refused") {
  const std::string mara =
      R"({"characters":[{"name":"Mara","aliases":[],"quote":"Mara","fields":[)"
      R"({"field":"age","value":"34","quote":"is 34","corrects":""}],"relationships":[]}],)" +
      kNothingFound + "}";
  ToolWorld chat;
  chat.calls("propose_dossier_change", mara);
  chat.talk("Mara is 34.");
  CHECK(chat.answered().starts_with("Proposed, for the person to accept or reject."));
  const auto& calls = chat.database.calls;
  const auto commit = std::find(calls.begin(), calls.end(), "commit_assertions");
  REQUIRE(commit != calls.end());
  const auto& request = chat.database.requests[static_cast<std::size_t>(commit - calls.begin())];
  const auto& rows = request["assertions"];
  REQUIRE_FALSE(rows.empty());
  for (const auto& row : rows) {
    CHECK_FALSE(text_in(row["body"], "proposal").empty());
    CHECK(text_in(row, "message_id") == chat.database.generations.front().user_message_id);
  }
  // Nothing of it counts yet.
  CHECK(json::dump(request["snapshot"]).find("34") == std::string::npos);
  chat.end();

  ToolWorld invented;
  invented.calls("propose_dossier_change", mara);
  invented.talk("Tell me a story.");
  CHECK(invented.answered().starts_with("It did not work: nothing of it has a quote"));
  CHECK(std::count(invented.database.calls.begin(), invented.database.calls.end(),
                   "commit_assertions") == 0);
  CHECK(json::boolean_at(invented.events.back()["metadata"], "is_error") == true);
  invented.end();
}

TEST_CASE("the operator's tool is sent its arguments, and its answer's text goes to the model") {
  ToolWorld chat;
  chat.calls("dice", R"({"sides":6})");
  chat.talk();
  REQUIRE(chat.tool_calls.size() == 1);
  const auto& sent = *chat.tool_calls.front();
  CHECK(sent.url == "https://tools.example/dice");
  CHECK(sent.body == R"({"sides":6})");
  CHECK(sent.head.find("x-key: secret") != std::string::npos);
  CHECK(chat.answered() == "A six.");
  check_done(chat);
  const auto told = last_of(*chat.client, "tool_result");
  CHECK(text_in(told, "id") == "m1");
  CHECK(text_in(told, "call_id") == "call_a");
  CHECK(text_in(told, "name") == "dice");
  CHECK(text_in(told, "content") == "A six.");
  const auto told_call = last_of(*chat.client, "tool_call");
  CHECK(json::integer_at(*json::find(told_call, "arguments"), "sides") == 6);
  chat.end();
}

TEST_CASE("each call and each result is an event of the turn") {
  ToolWorld chat;
  chat.calls("dice", R"({"sides":6})");
  chat.talk();
  REQUIRE(chat.events.size() == 2);
  const auto& generation = chat.database.generations.front();
  for (const auto& event : chat.events) {
    CHECK(text_in(event, "session_id") == generation.session_id);
    CHECK(text_in(event, "generation_id") == generation.id);
    CHECK(text_in(event["metadata"], "call_id") == "call_a");
    CHECK(text_in(event["metadata"], "name") == "dice");
    CHECK_FALSE(json::find(event["metadata"], "is_error"));
  }
  CHECK(text_in(chat.events[0], "type") == "tool_call");
  CHECK(text_in(chat.events[0], "role") == "assistant");
  CHECK(text_in(chat.events[0], "content") == R"({"sides":6})");
  CHECK(text_in(chat.events[1], "type") == "tool_result");
  CHECK(text_in(chat.events[1], "role") == "tool");
  CHECK(text_in(chat.events[1], "content") == "A six.");
  chat.end();
}

TEST_CASE("an event that cannot be stored ends neither the call nor the reply") {
  for (const auto fault : {Fault::answer_503, Fault::refuse_connection, Fault::lose_answer}) {
    ToolWorld chat;
    chat.database.fault = [fault](const std::string& function) {
      return function == "add_conversation_event" ? fault : Fault::none;
    };
    chat.calls("dice");
    chat.talk();
    CHECK(chat.answered() == "A six.");
    check_done(chat);
    chat.end();
  }
}

TEST_CASE("a tool that fails, says too much or nothing is an error that the model is told") {
  const auto check = [](auto&& prepare, const std::string& answer) {
    CAPTURE(answer);
    ToolWorld chat;
    prepare(chat);
    chat.calls("dice");
    chat.talk();
    CHECK(chat.answered() == answer);
    CHECK(json::boolean_at(last_of(*chat.client, "tool_result"), "is_error") == true);
    REQUIRE(chat.events.size() == 2);
    CHECK(text_in(chat.events[1], "content") == answer);
    CHECK(json::boolean_at(chat.events[1]["metadata"], "is_error") == true);
    check_done(chat);
    chat.end();
  };
  check(
      [](ToolWorld& chat) {
        chat.tool_status = 500;
        chat.tool_answer = "No dice.";
      },
      "No dice.");
  check(
      [](ToolWorld& chat) {
        chat.tool_answer = std::string(engine::kMaximumToolAnswerBytes + 1, 'a');
      },
      "The tool's answer is too long. Ask for less.");
  for (const auto stall : {Stall::silence, Stall::head_alone, Stall::trickle}) {
    check([stall](ToolWorld& chat) { chat.tool_stall = stall; }, "The tool did not answer.");
  }
}

TEST_CASE("a tool on a host that is not allowed is the operator's fault: the turn is refused") {
  ToolWorld chat;
  chat.world.environment["FABULA_UPSTREAM_HOSTS"] = "other.example";
  chat.talk();
  CHECK(text_in(last_of(*chat.client, "error"), "code") == "internal_error");
  CHECK(chat.tool_calls.empty());
  CHECK(chat.model.exchanges.empty());
  chat.end();
}

TEST_CASE("a tool that the mode does not offer is not run") {
  ToolWorld chat;
  chat.world.environment["FABULA_MODES"] = kModes;
  chat.calls("dice");
  chat.talk("A plot, please.");
  CHECK(chat.tool_calls.empty());
  CHECK(chat.answered() == "There is no tool of this name.");
  check_done(chat);
  chat.end();
}

TEST_CASE("a model that calls in circles has eight rounds") {
  ToolWorld chat;
  answer_always(chat.model, stream(call_events("dice", "{}")));
  chat.talk();
  CHECK(chat.model.exchanges.size() == engine::kMaximumToolRounds + 1);
  CHECK(chat.tool_calls.size() == engine::kMaximumToolRounds);
  CHECK(chat.events.size() == 2 * engine::kMaximumToolRounds);
  CHECK(chat.asked(engine::kMaximumToolRounds)["tool_choice"] == "none");
  chat.end();
}

TEST_CASE("a tool that is cut by its isolate's end: the next connection makes the reply") {
  for (const std::int64_t at_ms : {100, 500, 3'000}) {
    CAPTURE(at_ms);
    ToolWorld chat;
    chat.tool_answers_after_ms = 5'000;
    chat.calls("dice");
    RealtimeClient client(chat, "demo123");
    client.connect();
    chat.world.run_for(500);
    client.say("m1");
    chat.world.run_for(at_ms);
    chat.world.announce_end_of_isolate();
    chat.world.run_for(100'000);
    CHECK(client.connections() == 2);
    CHECK(client.reply("m1").text == "So it is.");
    CHECK(client.reply("m1").finish_reason == "stop");
    CHECK(client.faults().empty());
    CHECK(chat.sessions.messages(*chat.sessions.only()).size() == 2);
    client.leave();
    chat.world.run();
    CHECK(chat.world.unfinished_requests() == 0);
    CHECK(chat.world.open_exchanges() == 0);
  }
}

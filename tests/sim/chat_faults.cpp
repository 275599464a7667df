// Faults in a turn: each has its status or error event, and no text is lost.
#include <doctest/doctest.h>

#include <string>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::end_events;
using fabula::tests::read_events;
using fabula::tests::ScriptedDatabase;
using fabula::tests::ScriptedModel;
using fabula::tests::text_event;
using Fault = ScriptedDatabase::Fault;

namespace {

std::string error_code(const sim::Client& client) {
  const auto events = read_events(client);
  const auto* error = events.find("error");
  if (!error) return "";
  CHECK(json::string_at(events.others.back(), "type") == "error");
  return std::string(json::string_at(*json::find(*error, "error"), "code").value_or(""));
}

std::string problem_code(const sim::Client& client) {
  const auto body = json::parse(client.body());
  return body ? std::string(json::string_at(*body, "code").value_or("")) : "";
}

const tests::StoredGeneration& generation(const ChatWorld& chat) {
  return chat.database.generations.at(0);
}

std::string stored_reply(const ChatWorld& chat) {
  const auto& messages = chat.database.sessions.at(ScriptedDatabase::make_id(1));
  return messages.size() < 2 ? "" : messages.back().content;
}

void check_nothing_is_left_open(const ChatWorld& chat) {
  CHECK(chat.world.unfinished_requests() == 0);
  CHECK(chat.world.open_exchanges() == 0);
}

}  // namespace

TEST_CASE(
    "a provider's refusal is an error event with its code, and nothing is stored as a reply") {
  struct Case {
    std::uint32_t status;
    const char* code;
  };
  for (const auto& [status, code] :
       {Case{401, "provider_unauthorized"}, Case{403, "provider_unauthorized"},
        Case{429, "provider_rate_limited"}, Case{400, "provider_refused_request"},
        Case{404, "provider_refused_request"}, Case{500, "provider_error"},
        Case{503, "provider_error"}}) {
    CAPTURE(status);
    ChatWorld chat(1);
    chat.model.status = status;
    chat.model.pieces = {{0, R"({"error":{"message":"the key sk-secret is wrong"}})"}};
    const auto& client = chat.talk("Hello?");
    CHECK(client.status() == 200);
    CHECK(error_code(client) == code);
    CHECK(client.body().find("sk-secret") == std::string::npos);
    CHECK(generation(chat).status == "failed");
    CHECK(generation(chat).error_code == code);
    CHECK(stored_reply(chat).empty());
    REQUIRE_FALSE(chat.world.log().empty());
    CHECK(chat.world.log().back().find(code) != std::string::npos);
    check_nothing_is_left_open(chat);
  }
}

TEST_CASE("an answer that is not a whole stream is an error, and its text is kept") {
  struct Case {
    const char* what;
    std::vector<ScriptedModel::Piece> pieces;
    ScriptedModel::End end;
    const char* code;
    const char* text;
  };
  const std::vector<Case> cases = {
      {"garbage", {{0, "<html>oops</html>"}}, ScriptedModel::End::close, "provider_incomplete", ""},
      {"nothing", {}, ScriptedModel::End::close, "provider_incomplete", ""},
      {"half an event",
       {{0, text_event("Half")}, {5, "data: {\"choices\":[{\"ind"}},
       ScriptedModel::End::close,
       "provider_incomplete",
       "Half"},
      {"all text and no end",
       {{0, text_event("All of it.")}},
       ScriptedModel::End::close,
       "provider_incomplete",
       "All of it."},
      {"a broken connection",
       {{0, text_event("Broken")}},
       ScriptedModel::End::break_connection,
       "provider_incomplete",
       "Broken"},
      {"an error in the stream",
       {{0, text_event("So far")}, {5, "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"}},
       ScriptedModel::End::stay_open,
       "provider_error",
       "So far"}};
  for (const auto& test : cases) {
    CAPTURE(test.what);
    ChatWorld chat(1);
    chat.model.pieces = test.pieces;
    chat.model.end = test.end;
    const auto& client = chat.talk("Hello?");
    const auto code = error_code(client);
    CHECK(code.starts_with("provider_"));
    if (std::string(test.what) != "garbage") CHECK(code == test.code);
    CHECK(read_events(client).text == test.text);
    CHECK(stored_reply(chat) == test.text);
    CHECK(generation(chat).status == "failed");
    check_nothing_is_left_open(chat);
  }
}

TEST_CASE("a provider that cannot be reached is an error event") {
  ChatWorld chat(1);
  chat.world.environment["LOCAL_BASE_URL"] = "http://127.0.0.1:10/v1";
  CHECK(error_code(chat.talk("Hello?")) == "provider_error");
  CHECK(generation(chat).status == "failed");
}

TEST_CASE("a model that stays silent is given up at its deadline, and its connection closed") {
  ChatWorld chat(1);
  chat.model.end = ScriptedModel::End::stay_open;
  chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "20000";
  auto& client = chat.post(R"({"text":"Hello?"})");
  chat.world.run_for(19'000);
  CHECK(error_code(client).empty());
  chat.world.run_for(2'000);
  CHECK(error_code(client) == "provider_timeout");
  CHECK(chat.model.exchanges[0]->is_closed_by_guest());
}

TEST_CASE("a model that stalls is given up at the idle deadline, and its text kept") {
  ChatWorld chat(1);
  chat.model.pieces = {{0, text_event("Then the fox")}};
  chat.model.end = ScriptedModel::End::stay_open;
  const auto& client = chat.talk("Go on.");
  CHECK(error_code(client) == "provider_timeout");
  CHECK(stored_reply(chat) == "Then the fox");
  check_nothing_is_left_open(chat);
}

TEST_CASE("a reply that takes too long ends at the time limit, and its text is kept") {
  ChatWorld chat(1);
  for (int i = 0; i < 300; ++i) chat.model.pieces.push_back({1000, text_event("word ")});
  chat.model.end = ScriptedModel::End::stay_open;
  const auto& client = chat.talk("Tell me everything.");
  CHECK(error_code(client) == "time_limit");
  CHECK(stored_reply(chat) == read_events(client).text);
  CHECK(stored_reply(chat).size() > 500);
}

TEST_CASE("a model that never stops writing is stopped, and its text kept") {
  ChatWorld chat(1);
  const std::string paragraph(16'000, 'x');
  for (int i = 0; i < 200; ++i) chat.model.pieces.push_back({10, text_event(paragraph)});
  chat.model.end = ScriptedModel::End::stay_open;
  const auto& client = chat.talk("Tell me everything.");
  CHECK(error_code(client) == "provider_error");
  CHECK(stored_reply(chat) == read_events(client).text);
  CHECK(stored_reply(chat).size() < 2'000'000);
  check_nothing_is_left_open(chat);
}

TEST_CASE("a character that Postgres cannot store is replaced for the client and in the row") {
  ChatWorld chat(1);
  chat.model.pieces = {
      {0, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\u0000a\\u0000b\"}}]}\n\n"},
      {5, end_events()}};
  const auto& client = chat.talk("Hello?");
  CHECK(stored_reply(chat) == "\uFFFDa\uFFFDb");
  CHECK(read_events(client).text == stored_reply(chat));
}

TEST_CASE("a finish reason without the stream's end does not keep the client waiting") {
  ChatWorld chat(1);
  chat.model.pieces = {
      {0, text_event("Done.")},
      {5, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"}};
  chat.model.end = ScriptedModel::End::stay_open;
  auto& client = chat.post(R"({"text":"Hello?"})");
  chat.world.run_for(10'000);
  CHECK(client.is_ended());
  CHECK(generation(chat).status == "complete");
}

TEST_CASE("when the client leaves, the model is closed at once and the text kept as incomplete") {
  ChatWorld chat(1);
  chat.model.tell("One two three four five six seven eight nine ten.", 500);
  auto& client = chat.post(R"({"text":"Count."})");
  chat.world.run_for(2'300);
  client.leave();
  chat.world.run_for(100);
  CHECK(chat.model.exchanges[0]->is_closed_by_guest());
  chat.world.run();
  CHECK(generation(chat).status == "disconnected");
  CHECK(stored_reply(chat) == "One two three four");
  CHECK_FALSE(chat.database.sessions.begin()->second.back().is_complete);
  check_nothing_is_left_open(chat);
}

TEST_CASE("when the client leaves a silent model, it is noticed within two seconds on every host") {
  for (const std::uint32_t traits : {0u, 1u}) {
    ChatWorld chat(1);
    chat.world.behaviour.host_traits = traits;
    chat.model.end = ScriptedModel::End::stay_open;
    auto& client = chat.post(R"({"text":"Hello?"})");
    chat.world.run_for(3'300);
    client.leave();
    chat.world.run_for(2'000);
    CHECK(chat.model.exchanges[0]->is_closed_by_guest());
    chat.world.run();
    CHECK(generation(chat).status == "disconnected");
  }
}

TEST_CASE("the isolate's coming end saves the text and tells the client to come again") {
  ChatWorld chat(1);
  chat.model.tell("One two three four five six seven eight nine ten.", 1000);
  auto& client = chat.post(R"({"text":"Count."})");
  chat.world.run_for(3'500);
  chat.world.announce_end_of_isolate();
  chat.world.run();
  CHECK(error_code(client) == "interrupted");
  CHECK(generation(chat).status == "interrupted");
  CHECK(stored_reply(chat) == "One two three");
}

TEST_CASE(
    "a killed isolate loses a second of text at most, and blocks nobody after fifteen seconds") {
  ChatWorld chat(1);
  chat.model.tell("One two three four five six seven eight nine ten.", 1000);
  auto& client = chat.post(R"({"text":"Count."})");
  chat.world.run_for(4'500);
  chat.world.kill(client);
  const auto session = ScriptedDatabase::make_id(1);
  CHECK(problem_code(chat.talk("Hello?", session)) == "turn_in_progress");
  chat.world.run_for(16'000);
  chat.model.tell("Eleven.", 5);
  const auto& next = chat.talk("Go on.", session);
  CHECK(next.status() == 200);
  const auto& messages = chat.database.sessions.at(session);
  CHECK(messages.at(1).content == "One two three");  // saved each second
  CHECK_FALSE(messages.at(1).is_complete);
}

TEST_CASE("a cancel that the database knows of ends the reply at the next save") {
  ChatWorld chat(1);
  chat.model.tell("One two three four five six seven eight nine ten.", 1000);
  auto& client = chat.post(R"({"text":"Count."})");
  chat.world.run_for(4'500);
  chat.database.generations[0].cancel_requested = true;
  chat.world.run_for(5'000);
  CHECK(chat.model.exchanges[0]->is_closed_by_guest());
  CHECK(generation(chat).status == "stopped");
  CHECK(stored_reply(chat) == read_events(client).text);
}

TEST_CASE("a database that is down refuses the turn with 503 and asks no model") {
  for (const auto fault :
       {Fault::refuse_connection, Fault::answer_503, Fault::lose_answer, Fault::never_answer}) {
    ChatWorld chat(1);
    chat.model.tell("Hello.", 5);
    chat.database.fault = [fault](const auto&) { return fault; };
    const auto& client = chat.talk("Hello?");
    CHECK(client.status() == 503);
    CHECK(problem_code(client) == "database_unavailable");
    CHECK(chat.model.exchanges.empty());
    check_nothing_is_left_open(chat);
  }
}

TEST_CASE("a database that answers nonsense is a fault of ours and told as such") {
  ChatWorld chat(1);
  chat.database.fault = [](const auto&) { return Fault::answer_garbage; };
  const auto& client = chat.talk("Hello?");
  CHECK(client.status() == 500);
  CHECK(problem_code(client) == "internal_error");
}

TEST_CASE("saves that fail lose nothing") {
  for (const auto fault : {Fault::refuse_connection, Fault::answer_503, Fault::lose_answer,
                           Fault::never_answer, Fault::answer_garbage}) {
    ChatWorld chat(1);
    chat.model.tell("One two three four five six seven eight nine ten.", 1000);
    chat.database.fault = [fault](const std::string& function) {
      return function == "append_chunk" ? fault : Fault::none;
    };
    const auto& client = chat.talk("Count.");
    CHECK(error_code(client).empty());
    CHECK(stored_reply(chat) == "One two three four five six seven eight nine ten.");
    CHECK(read_events(client).text == stored_reply(chat));
    check_nothing_is_left_open(chat);
  }
}

TEST_CASE("an end that is not stored at first is stored by trying again") {
  for (const auto fault : {Fault::refuse_connection, Fault::answer_503, Fault::lose_answer}) {
    ChatWorld chat(1);
    chat.model.tell("The end.", 5);
    int failures = 2;
    chat.database.fault = [&failures, fault](const std::string& function) {
      return function == "finish_turn" && failures-- > 0 ? fault : Fault::none;
    };
    const auto& client = chat.talk("Finish it.");
    CHECK(error_code(client).empty());
    CHECK(read_events(client).find("done"));
    CHECK(chat.database.sessions.begin()->second.size() == 2);
    CHECK(stored_reply(chat) == "The end.");
  }
}

TEST_CASE("an end that cannot be stored is not told as one") {
  ChatWorld chat(1);
  chat.model.tell("The end.", 5);
  chat.database.fault = [](const std::string& function) {
    return function == "finish_turn" ? Fault::refuse_connection : Fault::none;
  };
  const auto& client = chat.talk("Finish it.");
  CHECK(error_code(client) == "database_unavailable");
  CHECK_FALSE(read_events(client).find("done"));
  CHECK(read_events(client).text == "The end.");
}

TEST_CASE("bad requests are refused before anything is stored") {
  struct Case {
    const char* what;
    std::string body;
    const char* headers;
    std::uint32_t status;
    const char* code;
  };
  const std::vector<Case> cases = {
      {"no JSON", "{\"text\":", "", 400, "malformed_json"},
      {"empty", "", "", 400, "malformed_json"},
      {"wrong type", R"({"text":5})", "", 422, "invalid_request"},
      {"no text", "{}", "", 422, "invalid_request"},
      {"blank text", R"({"text":" \n"})", "", 422, "invalid_request"},
      {"an array", "[]", "", 422, "invalid_request"},
      {"bad id", R"({"text":"a","session_id":"abc"})", "", 400, "invalid_id"},
      {"unknown session", R"({"text":"a","session_id":"00000000-0000-4000-8000-0000000000ff"})", "",
       404, "not_found"},
      {"invalid UTF-8", "{\"text\":\"\xff\"}", "", 400, "invalid_utf8"},
      {"deep", std::string(10'000, '['), "", 400, "json_too_deep"},
      {"one megabyte", "{\"text\":\"" + std::string(1'000'000, 'x') + "\"}", "", 413,
       "body_too_large"},
      {"long text", "{\"text\":\"" + std::string(200'001, 'x') + "\"}", "", 422, "invalid_request"},
      {"another's id", R"({"text":"a","user_id":"00000000-0000-4000-8000-0000000000ff"})", "", 403,
       "forbidden"},
      {"a forged token", R"({"text":"a"})",
       "authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA\n", 401, "invalid_token"},
      {"alg none", R"({"text":"a"})",
       "authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.\n", 401, "invalid_token"},
      {"garbage as token", R"({"text":"a"})", "authorization: Bearer nonsense\n", 401,
       "invalid_token"},
      {"only HTML accepted", R"({"text":"a"})", "accept: text/html\n", 406, "not_acceptable"},
  };
  for (const auto& test : cases) {
    CAPTURE(test.what);
    ChatWorld chat(1);
    const auto& client = chat.post(test.body, test.headers);
    chat.world.run();
    CHECK(client.status() == test.status);
    CHECK(problem_code(client) == test.code);
    CHECK(chat.database.sessions.empty());
    CHECK(chat.model.exchanges.empty());
    REQUIRE_FALSE(chat.world.log().empty());
    CHECK(chat.world.log().back().find(test.code) != std::string::npos);
    check_nothing_is_left_open(chat);
  }
}

#include "shared/turn/rows.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"

using namespace fabula;

namespace {

const std::string kBegun = R"({"user_id":"u","session_id":"s","project_id":"p",
  "user_message_id":"um","message_id":"m","stream_id":"st","generation_id":"g","epoch":1,
  "turn_number":2,"created_session":true,"title":"A \"title\"",
  "history":[{"role":"user","content":"caf\u00e9"}]})";

}  // namespace

TEST_CASE("begin_turn's answer gives ids and the history as it stands") {
  const auto turn = turn::parse_begun_turn(kBegun);
  REQUIRE(turn);
  CHECK(turn->generation_id == "g");
  CHECK(turn->title == "A \"title\"");
  CHECK(turn->history_json() == R"([{"role":"user","content":"caf\u00e9"}])");
}

TEST_CASE("an old session's title is not told again") {
  auto answer = kBegun;
  answer.replace(answer.find("true"), 4, "false");
  CHECK(turn::parse_begun_turn(answer)->title.empty());
}

TEST_CASE("an answer that lacks anything is a fault of ours") {
  for (const std::string answer :
       {"", "null", "[]", R"({"user_id":"u"})", R"({"history":[]})",
        R"({"user_id":1,"session_id":"s","project_id":"p","user_message_id":"um","message_id":"m",
            "stream_id":"st","generation_id":"g","title":"","history":[]})"}) {
    const auto turn = turn::parse_begun_turn(answer);
    REQUIRE_FALSE(turn);
    CHECK(turn.error().code == ErrorCode::internal_error);
  }
  CHECK_FALSE(turn::parse_appended(R"({"status":"streaming","saved_bytes":-1})"));
  CHECK_FALSE(turn::parse_appended("{}"));
  CHECK_FALSE(turn::parse_finished("[1]"));
}

TEST_CASE("a turn's request carries the principal that was proven and nothing else of it") {
  turn::Principal guest{turn::Principal::Kind::guest, "", "", "ab12"};
  const std::optional<std::string> session = "sid";
  const std::optional<std::string> none;
  const auto body = json::parse(turn::begin_turn_request(
      {guest, "chat", session, none, "line\n\"two\"", "Title", "local", "smol", 3000}));
  REQUIRE(body);
  CHECK(*body == *json::parse(R"({"principal":{"kind":"guest","token_hash":"ab12"},"kind":"chat",
    "session_id":"sid","project_id":null,"text":"line\n\"two\"","title":"Title",
    "provider":"local","model":"smol","history_budget_tokens":3000,"claimed_user_id":null})"));
}

TEST_CASE("a reply's end is written with nulls for what is not known") {
  turn::FinishTurn end;
  end.generation_id = "g";
  end.status = turn::Status::disconnected;
  end.from_offset = 7;
  end.text = "tail";
  end.latency_ms = 12;
  end.provider = "local";
  end.model = "smol";
  CHECK(*json::parse(turn::finish_turn_request(end)) == *json::parse(R"({"generation_id":"g",
    "status":"disconnected","from_offset":7,"text":"tail","finish_reason":null,"error_code":null,
    "usage":null,"first_token_ms":null,"latency_ms":12,"provider":"local","model":"smol"})"));
}

TEST_CASE("what append_chunk answers says whether to go on") {
  const auto stopped =
      turn::parse_appended(R"({"cancel_requested":true,"status":"streaming","saved_bytes":31})");
  REQUIRE(stopped);
  CHECK(stopped->cancel_requested);
  CHECK(stopped->is_streaming);
  CHECK(stopped->saved_bytes == 31);
  CHECK_FALSE(turn::parse_appended(R"({"status":"interrupted","saved_bytes":0})")->is_streaming);
}

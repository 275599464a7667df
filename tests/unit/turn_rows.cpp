#include "shared/database/turn.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"

using namespace fabula;

TEST_CASE("an answer that lacks anything is a fault of ours") {
  CHECK_FALSE(database::kAppendChunk.answer(R"({"status":"streaming","saved_bytes":-1})"));
  CHECK_FALSE(database::kAppendChunk.answer("{}"));
  CHECK_FALSE(database::kFinishTurn.answer("[1]"));
  CHECK_FALSE(database::kFinishTurn.answer(R"({"status":"complete"})"));
  CHECK_FALSE(database::kFinishTurn.answer(R"({"status":"complete","saved_bytes":-1})"));
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
  CHECK(*json::parse(database::kFinishTurn.request(end)) == *json::parse(R"({"generation_id":"g",
    "status":"disconnected","from_offset":7,"text":"tail","finish_reason":null,"error_code":null,
    "usage":null,"first_token_ms":null,"latency_ms":12,"provider":"local","model":"smol",
    "attempts":[]})"));
}

TEST_CASE("what append_chunk answers says whether to go on") {
  const auto stopped = database::kAppendChunk.answer(
      R"({"cancel_requested":true,"status":"streaming","saved_bytes":31})");
  REQUIRE(stopped);
  CHECK(stopped->cancel_requested);
  CHECK(stopped->is_streaming);
  CHECK(stopped->saved_bytes == 31);
  CHECK_FALSE(
      database::kAppendChunk.answer(R"({"status":"interrupted","saved_bytes":0})")->is_streaming);
}

TEST_CASE("a turn's end is answered with how much of it is stored") {
  const auto stored = database::kFinishTurn.answer(
      R"({"status":"interrupted","message_id":"m","already":true,"saved_bytes":38})");
  REQUIRE(stored);
  CHECK(stored->status == "interrupted");
  CHECK(stored->message_id == "m");
  CHECK(stored->saved_bytes == 38);
}

TEST_CASE("a call that was given up is named") {
  CHECK(database::kWithdrawTurn.request({"c"}) == R"({"call_id":"c"})");
}

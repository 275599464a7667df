#include "shared/database/turn.hpp"

#include <doctest/doctest.h>

#include "shared/json/document.hpp"

#include "shared/turn/finish_reason.hpp"

using namespace fabula;

TEST_CASE("a turn that ended well has no problem; its facts are told") {
  const auto turn = database::kReadTurn.answer(
      R"({"status":"complete","text":"A fox.","message_id":"m","provider":"local","model":"smol",
          "error_code":null,"usage":{"input_tokens":3,"output_tokens":2}})");
  REQUIRE(turn);
  CHECK(turn->is_final);
  CHECK(turn->text == "A fox.");
  CHECK(turn->usage == llm::Usage{3, 2});
  CHECK_FALSE(turn::problem_of_ended(*turn));
}

TEST_CASE("one that runs is not final, and has no usage yet") {
  const auto turn = database::kReadTurn.answer(R"({"status":"streaming","text":"","usage":null})");
  REQUIRE(turn);
  CHECK_FALSE(turn->is_final);
  CHECK_FALSE(turn->usage);
  CHECK(turn->message_id.empty());
}

TEST_CASE("one that broke off says why, in the code that its first reader was told") {
  const auto failed =
      database::kReadTurn.answer(R"({"status":"failed","error_code":"provider_timeout"})");
  CHECK(turn::problem_of_ended(*failed)->code == ErrorCode::provider_timeout);
  for (const char* answer : {R"({"status":"disconnected"})",
                             R"({"status":"interrupted","error_code":"no such code"})"}) {
    const auto turn = database::kReadTurn.answer(answer);
    REQUIRE(turn);
    CHECK(turn::problem_of_ended(*turn)->code == ErrorCode::interrupted);
  }
}

TEST_CASE("one that broke off says whether anything of it is kept, and whether to try again") {
  const auto words = [](const char* answer) {
    return turn::problem_of_ended(*database::kReadTurn.answer(answer))->detail;
  };
  CHECK(words(R"({"status":"failed","error_code":"provider_error","saved_bytes":9,"text":""})")
            .find("is kept. Continue it") != std::string::npos);
  const auto nothing =
      words(R"({"status":"failed","error_code":"provider_error","saved_bytes":0,"text":""})");
  CHECK(nothing.find("nothing of one is kept") != std::string::npos);
  CHECK(nothing.find("Send it again") != std::string::npos);
  CHECK(nothing.find("Continue") == std::string::npos);
  const auto refused = words(R"({"status":"failed","error_code":"provider_unauthorized"})");
  CHECK(refused.find("Send it again") == std::string::npos);
  CHECK(words(R"({"status":"disconnected"})").find("Send it again") != std::string::npos);
}

TEST_CASE("a turn that runs tells when its writer will be taken for dead") {
  const auto turn = database::kReadTurn.answer(
      R"({"status":"streaming","text":"","silent_in_ms":14250,"saved_bytes":4})");
  CHECK(turn->silent_in_ms == 14250);
  CHECK_FALSE(database::kReadTurn.answer(R"({"status":"complete","text":"A"})")->silent_in_ms);
}

TEST_CASE("one that was cancelled is over, and nothing is wrong with it") {
  const auto turn = database::kReadTurn.answer(R"({"status":"stopped","finish_reason":null})");
  REQUIRE(turn);
  CHECK(turn->is_final);
  CHECK_FALSE(turn::problem_of_ended(*turn));
  CHECK(turn::finish_reason_told(turn->status, turn->finish_reason) == "cancelled");
}

TEST_CASE("anything else is a fault of ours") {
  for (const char* answer : {"", "[]", "{}", R"({"status":1})"}) {
    const auto turn = database::kReadTurn.answer(answer);
    REQUIRE_FALSE(turn);
    CHECK(turn.error().code == ErrorCode::internal_error);
  }
}

TEST_CASE("who asks is named as proven, with how much is known") {
  const auth::Principal user{auth::Principal::Kind::user, "supabase", "u", ""};
  CHECK(*json::parse(
            database::kReadTurn.request({user, {turn::TurnKey::Kind::generation_id, "g"}, 41})) ==
        *json::parse(R"({"principal":{"kind":"user","issuer":"supabase","subject":"u"},
          "generation_id":"g","after_bytes":41})"));
}

#include "shared/database/turn.hpp"

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
  const auto turn = database::kBeginTurn.answer(kBegun);
  REQUIRE(turn);
  CHECK(turn->generation_id == "g");
  CHECK(turn->title == "A \"title\"");
  CHECK(turn->history_json() == R"([{"role":"user","content":"caf\u00e9"}])");
  CHECK_FALSE(turn->is_replayed);
  CHECK(turn->base_bytes == 0);
}

TEST_CASE("an old session's title is not told again") {
  auto answer = kBegun;
  answer.replace(answer.find("true"), 4, "false");
  CHECK(database::kBeginTurn.answer(answer)->title.empty());
}

TEST_CASE("a turn that was begun before needs no history; one that goes on says from where") {
  auto answer = kBegun;
  answer.replace(answer.find("\"history\""), std::string::npos,
                 R"("replayed":true,"base_bytes":41})");
  const auto turn = database::kBeginTurn.answer(answer);
  REQUIRE(turn);
  CHECK(turn->is_replayed);
  CHECK(turn->base_bytes == 41);
}

TEST_CASE("a summary of what was said before the history is told when there is one") {
  CHECK(database::kBeginTurn.answer(kBegun)->summary.empty());
  for (const auto& [json, summary] : {std::pair{R"("summary":null,)", ""},
                                      std::pair{R"("summary":"A \"fox\".",)", "A \"fox\"."}}) {
    auto answer = kBegun;
    answer.insert(answer.find("\"history\""), json);
    const auto turn = database::kBeginTurn.answer(answer);
    REQUIRE(turn);
    CHECK(turn->summary == summary);
    CHECK(turn->history_json().starts_with('['));
  }
}

TEST_CASE("what an earlier message asked for is told as it was kept") {
  CHECK(database::kBeginTurn.answer(kBegun)->message_metadata.empty());
  auto answer = kBegun;
  answer.pop_back();
  const auto turn =
      database::kBeginTurn.answer(answer + R"(,"message_metadata":{"task":"scene"}})");
  REQUIRE(turn);
  CHECK(turn->message_metadata == R"({"task":"scene"})");
  CHECK(turn->history_json() == R"([{"role":"user","content":"caf\u00e9"}])");
}

TEST_CASE("an answer that lacks anything is a fault of ours") {
  for (const std::string answer :
       {"", "null", "[]", R"({"user_id":"u"})", R"({"history":[]})",
        R"({"user_id":1,"session_id":"s","project_id":"p","user_message_id":"um","message_id":"m",
            "stream_id":"st","generation_id":"g","title":"","history":[]})"}) {
    const auto turn = database::kBeginTurn.answer(answer);
    REQUIRE_FALSE(turn);
    CHECK(turn.error().code == ErrorCode::internal_error);
  }
}

TEST_CASE("a turn's request carries the principal that was proven, and only what is said") {
  turn::Principal guest{turn::Principal::Kind::guest, "", "", "ab12"};
  const auto body = json::parse(database::kBeginTurn.request({.principal = guest,
                                                              .kind = "chat",
                                                              .session_id = "sid",
                                                              .text = "line\n\"two\"",
                                                              .title = "Title",
                                                              .provider = "local",
                                                              .model = "smol",
                                                              .maximum_output_tokens = 400,
                                                              .history_budget_tokens = 3000}));
  REQUIRE(body);
  CHECK(*body == *json::parse(R"({"principal":{"kind":"guest","token_hash":"ab12"},"kind":"chat",
    "action":"say","session_id":"sid","text":"line\n\"two\"","title":"Title","provider":"local",
    "model":"smol","settings":{"max_output_tokens":400},"history_budget_tokens":3000})"));
}

TEST_CASE("going on names the reply and what the model is told") {
  turn::Principal user{turn::Principal::Kind::user, "supabase", "u1", ""};
  const auto body = json::parse(database::kBeginTurn.request({.principal = user,
                                                              .kind = "chat",
                                                              .action = turn::Action::go_on,
                                                              .message_id = "m1",
                                                              .instruction = "Go on.",
                                                              .idempotency_key = "k",
                                                              .request_hash = "h"}));
  REQUIRE(body);
  CHECK(json::string_at(*body, "action") == "continue");
  CHECK(json::string_at(*body, "message_id") == "m1");
  CHECK(json::string_at(*body, "instruction") == "Go on.");
  CHECK(json::string_at(*body, "idempotency_key") == "k");
  CHECK(json::string_at(*body, "request_hash") == "h");
  CHECK_FALSE(json::find(*body, "text"));
}

TEST_CASE("a turn says how it wants its model asked, and is told what has been chosen") {
  const turn::Principal user{turn::Principal::Kind::user, "supabase", "u1", ""};
  const auto body = json::parse(database::kBeginTurn.request(
      {.principal = user,
       .kind = "chat",
       .action = turn::Action::regenerate,
       .message_id = "m1",
       .instruction = "(Короче)",
       .guidance = "Короче",
       .instructions = "简短",
       .maximum_output_tokens = 400,
       .chosen = {.model = "local:fox", .temperature_hundredths = 5, .maximum_output_tokens = 9}}));
  REQUIRE(body);
  CHECK(json::string_at(*body, "instruction") == "(Короче)");
  CHECK(json::string_at(*body, "guidance") == "Короче");
  CHECK(json::string_at(*body, "instructions") == "简短");
  CHECK(*json::find(*body, "settings") == *json::parse(R"({"max_output_tokens":400})"));
  CHECK(*json::find(*body, "chosen") ==
        *json::parse(R"({"model":"local:fox","temperature":0.05,"max_tokens":9})"));

  CHECK(database::kBeginTurn.answer(kBegun)->chosen == turn::ModelSettings{});
  CHECK(database::kBeginTurn.answer(kBegun)->reply_metadata.empty());
  auto answer = kBegun;
  answer.pop_back();
  const auto begun = database::kBeginTurn.answer(
      answer + R"(,"chosen":{"model":"a:b","temperature":0.7,"max_tokens":1200},)"
               R"("reply_metadata":{"temperature":0.7}})");
  REQUIRE(begun);
  CHECK(begun->chosen == turn::ModelSettings{.model = "a:b",
                                             .temperature_hundredths = 70,
                                             .maximum_output_tokens = 1200});
  CHECK(begun->reply_metadata == R"({"temperature":0.7})");
}

TEST_CASE("settings of other types and sizes are not chosen") {
  for (const std::string_view text :
       {R"({})", R"({"model":1,"temperature":"0.7","max_tokens":null})",
        R"({"temperature":1e300,"max_tokens":1e300})", R"({"max_tokens":18446744073709551615})"}) {
    CAPTURE(text);
    CHECK(turn::read_model_settings(*json::parse(text)) == turn::ModelSettings{});
  }
  CHECK(turn::read_model_settings(*json::parse(R"({"max_tokens":500.0,"temperature":1})")) ==
        turn::ModelSettings{.temperature_hundredths = 100, .maximum_output_tokens = 500});
}

TEST_CASE("a companion's turn says whom it is with, and what the model is told") {
  CHECK_FALSE(database::kBeginTurn.answer(kBegun)->character);
  CHECK_FALSE(database::kBeginTurn.answer(kBegun)->system_prompt);
  auto answer = kBegun;
  answer.pop_back();
  const auto turn = database::kBeginTurn.answer(
      answer + R"(,"kind":"companion","system_prompt":"You are \"Mara\".","created_user":true,
        "character":{"character_id":"k","is_known":true,"name":"Mara","model":null,"voice":"low"}})");
  REQUIRE(turn);
  CHECK(turn->kind == "companion");
  CHECK(turn->system_prompt == "You are \"Mara\".");
  CHECK(turn->is_new_user);
  REQUIRE(turn->character);
  CHECK(turn->character->is_known);
  CHECK(turn->character->model.empty());
  CHECK(turn->character->voice == "low");
}

TEST_CASE("a companion's turn is begun with what only it has") {
  const auth::Principal user{auth::Principal::Kind::named, "", "u", ""};
  const turn::CompanionRequest companion{.character_id = "k",
                                         .given = R"([{"role":"user","content":"A"}])",
                                         .greeting_index = 0,
                                         .user_word = "Nutzer",
                                         .character_prompt = "You are {{char}}.",
                                         .character_prompt_label = "character-1",
                                         .caller_instructions = "Be \"brief\"."};
  const auto request = json::parse(database::kBeginTurn.request(
      {.principal = user, .kind = "companion", .companion = &companion, .kinds = R"({"x":{}})"}));
  REQUIRE(request);
  CHECK(json::string_at(*request, "character_id") == "k");
  CHECK(json::dump(*json::find(*request, "given")) == R"([{"content":"A","role":"user"}])");
  CHECK(json::integer_at(*request, "greeting_index") == 0);
  CHECK(json::string_at(*request, "user_word") == "Nutzer");
  CHECK(json::string_at(*request, "caller_instructions") == "Be \"brief\".");
  CHECK(json::dump(*json::find(*request, "kinds")) == R"({"x":{}})");
}

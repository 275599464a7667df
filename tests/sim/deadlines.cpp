// Every peer of the functions may fall silent, or trickle: each wait ends at the deadline in
// wasm/engine/deadlines.hpp, tells its caller what to do, and leaves nothing open.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "functions/chat/chat.hpp"
#include "functions/projects/projects.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/base64url.hpp"
#include "tests/sim/peers/stalls.hpp"
#include "tests/sim/route_world.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/engine/fetch.hpp"
#include "wasm/engine/illustrations.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/engine/storage.hpp"
#include "wasm/runtime/host.hpp"

using namespace fabula;
using namespace fabula::tests;
using Fault = ScriptedDatabase::Fault;
namespace deadlines = engine::deadlines;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";
constexpr std::array kStalls{Stall::silence, Stall::head_alone, Stall::trickle};
// More than the timers of the simulation may be late.
constexpr std::int64_t kSlackMs = 100;

// How long to wait for a peer that stalls like this.
std::int64_t wait_ms(const engine::FetchDeadlines& wait, Stall stall) {
  switch (stall) {
    case Stall::silence:
      return wait.head_ms;
    case Stall::head_alone:
      return wait.silence_ms;
    case Stall::trickle:
      return wait.whole_ms;
  }
  return 0;
}

void check_about(std::int64_t passed_ms, std::int64_t expected_ms) {
  CAPTURE(passed_ms);
  CAPTURE(expected_ms);
  CHECK(passed_ms >= expected_ms);
  CHECK(passed_ms <= expected_ms + kSlackMs);
}

// Runs until all requests are over; returns the time that it took.
std::int64_t run_to_end(sim::World& world) {
  const auto began_ms = world.clock().now_ms();
  while (world.unfinished_requests() > 0 && world.clock().now_ms() - began_ms < 600'000) {
    world.run_for(10);
  }
  CHECK(world.unfinished_requests() == 0);
  CHECK(world.open_exchanges() == 0);
  return world.clock().now_ms() - began_ms;
}

json::Document problem_of(const sim::Client& client) {
  auto problem = json::parse(client.body());
  REQUIRE(problem);
  return std::move(*problem);
}

void check_problem(const sim::Client& client, std::uint32_t status, std::string_view code,
                   const std::string& words) {
  CAPTURE(client.body());
  CHECK(client.status() == status);
  CHECK(client.is_ended());
  const auto problem = problem_of(client);
  CHECK(json::string_at(problem, "code") == code);
  CHECK(std::string(json::string_at(problem, "detail").value_or("")).find(words) !=
        std::string::npos);
}

// The engine's work in this case, and the code of its problem.
std::function<runtime::Task<Result<void>>(engine::Call&)> work;
std::optional<ErrorCode> fault;

runtime::Task<void> do_work(runtime::Context& context) {
  engine::Call call(context, "deadlines");
  REQUIRE(call.read_head());
  REQUIRE(call.read_settings());
  const auto done = co_await runtime::attempt(work(call));
  fault.reset();
  if (!done) fault = done.error().code;
}

// Does the work against a peer that stalls; returns the time that it took.
std::int64_t work_against(const std::string& url, Stall stall) {
  ChatWorld chat(1);
  auto& world = chat.world;
  world.environment["MODEL_IMAGE"] = "openai:gpt-image-1";
  world.environment["OPENAI_API_KEY"] = "simulated";
  world.serve(url, [&world, stall](auto exchange) { stall_with(world, exchange, stall); });
  world.call(&do_work, "GET http://edge/\n");
  return run_to_end(world);
}

}  // namespace

TEST_CASE("each kind of exchange with another server ends at its deadlines") {
  for (const auto& wait :
       {deadlines::kDatabase, deadlines::kStorage, deadlines::kAttachment, deadlines::kTool}) {
    for (const auto stall : kStalls) {
      work = [wait](engine::Call& call) -> runtime::Task<Result<void>> {
        const auto fetched = co_await engine::fetch(
            call.context(),
            {.head = "GET http://slow/\n", .limit_bytes = 1'000'000, .deadlines = wait});
        REQUIRE_FALSE(fetched);
        CHECK(fetched.error() == engine::FetchFault::timeout);
        co_return {};
      };
      check_about(work_against("http://slow/", stall), wait_ms(wait, stall));
    }
  }
}

TEST_CASE("Storage that stalls is told as one that cannot be used now, for writes and for reads") {
  using Work = std::function<runtime::Task<Result<void>>(engine::Call&)>;
  const std::vector<Work> works = {
      [](engine::Call& call) -> runtime::Task<Result<void>> {
        co_return co_await runtime::attempt(
            engine::write_file(call, {"snapshots", "a.json"}, "application/json", "{}"));
      },
      [](engine::Call& call) -> runtime::Task<Result<void>> {
        co_await engine::read_file(call, {"snapshots", "a.json"}, 1'000'000);
        co_return {};
      },
      [](engine::Call& call) -> runtime::Task<Result<void>> {
        co_return co_await runtime::attempt(engine::delete_file(call, {"snapshots", "a.json"}));
      }};
  for (const auto& one : works) {
    for (const auto stall : kStalls) {
      work = one;
      check_about(work_against("http://db/storage/", stall), wait_ms(deadlines::kStorage, stall));
      CHECK(fault == ErrorCode::database_unavailable);
    }
  }
}

TEST_CASE("a picture's model that stalls has its step's time, or the time of a silence") {
  constexpr std::int64_t kTimeMs = 40'000;
  for (const auto stall : kStalls) {
    work = [](engine::Call& call) -> runtime::Task<Result<void>> {
      const auto models =
          co_await engine::resolve_image_route(call, settings::named("MODEL_IMAGE"));
      std::vector<usage::ModelCall> calls;
      co_await engine::draw(call, models, "A door in the sea.", kTimeMs, calls);
      co_return {};
    };
    const auto passed_ms = work_against("https://api.openai.com/", stall);
    CAPTURE(passed_ms);
    CHECK(fault == ErrorCode::provider_timeout);
    // Another attempt may follow within the step's time.
    CHECK(passed_ms >= std::min(kTimeMs, deadlines::kPictureSilenceMs));
    CHECK(passed_ms <= kTimeMs + kSlackMs);
  }
}

TEST_CASE("a request's body that does not come is 408 in time, and nothing is done") {
  struct Sending {
    std::int64_t gap_ms;  // between its bytes; 0: none comes
    std::int64_t answered_after_ms;
  };
  for (const auto& [gap_ms, answered_after_ms] :
       {Sending{0, deadlines::kRequestSilenceMs}, Sending{60'000, deadlines::kRequestSilenceMs},
        Sending{10'000, deadlines::kRequestWholeMs}}) {
    ChatWorld chat(1);
    auto& client = chat.world.begin_call(
        &projects_function::handle,
        "POST http://edge/functions/v1/projects\n" + kGuest + "content-type: application/json\n");
    std::function<void()> send_next = [&] {
      client.send_body("{");
      chat.world.clock().after(gap_ms, send_next);
    };
    if (gap_ms > 0) chat.world.clock().after(gap_ms, send_next);
    check_about(run_to_end(chat.world), answered_after_ms);
    check_problem(client, 408, "request_timeout", "Nothing was done; send the request again.");
    CHECK(chat.database.calls.empty());
  }
}

TEST_CASE("a body that is too long is 413 in time, even if it never ends") {
  ChatWorld chat(1);
  auto& client = chat.world.begin_call(
      &projects_function::handle,
      "POST http://edge/functions/v1/projects\n" + kGuest + "content-type: application/json\n");
  client.send_body(std::string(1'100'000, 'x'));
  check_about(run_to_end(chat.world), deadlines::kDiscardMs);
  check_problem(client, 413, "body_too_large", "Send a shorter one.");
  CHECK(chat.database.calls.empty());
}

TEST_CASE("a body that comes slowly, but comes, is read") {
  ChatWorld chat(1);
  chat.model.tell(kStory, 1);
  auto& client = chat.world.begin_call(
      &chat_function::handle,
      "POST http://edge/functions/v1/chat\n" + kGuest + "content-type: application/json\n");
  const std::string body = R"({"text":"Hi."})";
  for (std::size_t part = 0; part < 5; ++part) {
    chat.world.run_for(11'000);
    client.send_body(body.substr(part * 3, part == 4 ? std::string::npos : 3));
  }
  client.end_body();
  chat.world.run();
  CHECK(client.status() == 200);
  CHECK(read_events(client).text == kStory);
}

TEST_CASE("a client that leaves before its body has come frees the instance") {
  ChatWorld chat(1);
  auto& client = chat.world.begin_call(
      &chat_function::handle,
      "POST http://edge/functions/v1/chat\n" + kGuest + "content-type: application/json\n");
  chat.world.run_for(1'000);
  client.leave();
  CHECK(run_to_end(chat.world) <= kSlackMs);
  CHECK(chat.database.calls.empty());
}

TEST_CASE(
    "a client that takes nothing of a whole answer frees the instance, and may have it later") {
  ChatWorld chat(1);
  chat.database.answers["list_projects"] = R"({"body":[{"name":"A"}],"total":1})";
  auto& client = chat.world.call(&projects_function::handle,
                                 "GET http://edge/functions/v1/projects\n" + kGuest);
  client.take_only(0);
  check_about(run_to_end(chat.world), deadlines::kSendMs);
  CHECK(client.is_ended());
  CHECK(client.body() == R"([{"name":"A"}])");
}

TEST_CASE("a database that stalls is 503, and says when to come again") {
  for (const auto& [stalled, wait] :
       {std::pair{Fault::never_answer, deadlines::kDatabase.head_ms},
        std::pair{Fault::answer_head_alone, deadlines::kDatabase.silence_ms},
        std::pair{Fault::answer_trickling, deadlines::kDatabase.whole_ms}}) {
    ChatWorld chat(1);
    chat.database.fault = [answer = stalled](const std::string&) { return answer; };
    auto& client = chat.world.call(&projects_function::handle,
                                   "GET http://edge/functions/v1/projects\n" + kGuest);
    const auto passed_ms = run_to_end(chat.world);
    const auto attempts = static_cast<std::int64_t>(chat.database.calls.size());
    check_about(passed_ms, attempts * wait + (attempts - 1) * 200);
    check_problem(client, 503, "database_unavailable", "Try again in a moment.");
  }
}

TEST_CASE("a turn whose beginning stalls is refused, and taken back") {
  for (const auto kind : {Fault::answer_head_alone, Fault::answer_trickling}) {
    ChatWorld chat(1);
    chat.database.fault = [kind](const std::string& function) {
      return function == "begin_turn" ? kind : Fault::none;
    };
    const auto& client = chat.talk("Hi.");
    check_problem(client, 503, "database_unavailable", "Try again in a moment.");
    CHECK(chat.database.calls == std::vector<std::string>{"begin_turn", "withdraw_turn"});
    CHECK(chat.model.exchanges.empty());
    CHECK(chat.world.unfinished_requests() == 0);
  }
}

TEST_CASE("a save that stalls holds nothing up: the next one has its text") {
  for (const auto kind : {Fault::never_answer, Fault::answer_head_alone, Fault::answer_trickling}) {
    ChatWorld chat(1);
    chat.model.tell(kStory, 400);
    int saves = 0;
    chat.database.fault = [&](const std::string& function) {
      return function == "append_chunk" && ++saves == 1 ? kind : Fault::none;
    };
    const auto& client = chat.talk("Hi.");
    CHECK(read_events(client).text == kStory);
    CHECK(read_events(client).find("done"));
    CHECK(chat.database.generations.back().text() == kStory);
    CHECK(chat.world.unfinished_requests() == 0);
  }
}

TEST_CASE("an issuer whose keys do not come is 503") {
  ChatWorld chat(1);
  chat.world.withholds_public_keys = true;
  const std::string payload =
      R"({"sub":"11111111-1111-4111-8111-111111111111","aud":"authenticated",)"
      R"("role":"authenticated","iss":"http://db/auth/v1","exp":4102444800})";
  const std::string token = text::encode_base64url(R"({"alg":"ES256","kid":"a"})") + "." +
                            text::encode_base64url(payload) + "." + std::string(86, 'A');
  auto& client = chat.world.call(&projects_function::handle,
                                 "GET http://edge/functions/v1/projects\n"
                                 "authorization: Bearer " +
                                     token + "\n");
  check_about(run_to_end(chat.world), deadlines::kKeysMs);
  check_problem(client, 503, "database_unavailable", "keys that prove your token");
  CHECK(chat.database.calls.empty());
}

TEST_CASE("an attachment whose server stalls is refused before the turn begins") {
  for (const auto stall : kStalls) {
    ChatWorld chat(1);
    chat.world.environment["FABULA_ATTACHMENT_HOSTS"] = "files.example";
    chat.world.serve("https://files.example/",
                     [&chat, stall](auto exchange) { stall_with(chat.world, exchange, stall); });
    auto& client = chat.post(
        R"({"text":"Look.","attachments":[{"type":"text","url":"https://files.example/a.txt"}]})",
        kGuest);
    check_about(run_to_end(chat.world), wait_ms(deadlines::kAttachment, stall));
    CHECK(client.status() == 422);
    CHECK(client.body().find("Try again, or leave it out.") != std::string::npos);
    CHECK(chat.database.calls == std::vector<std::string>{"admit_turn"});
    CHECK(chat.database.sessions.empty());
  }
}

TEST_CASE(
    "a model that never speaks, only beats, or trickles its refusal makes room for the next") {
  constexpr std::int64_t kFirstTokenMs = 20'000;
  ModelAnswer silent;
  silent.head_after_ms = 3'600'000;
  auto beats = silence();
  auto trickled = refusal(503);
  trickled.pieces.clear();
  trickled.end = ModelAnswer::End::stay_open;
  for (int second = 0; second < 600; ++second) {
    beats.pieces.push_back({1'000, ": keep-alive\n\n"});
    trickled.pieces.push_back({1'000, " "});
  }
  for (const auto& [answer, longest_ms] :
       {std::pair{silent, kFirstTokenMs}, std::pair{silence(), kFirstTokenMs},
        std::pair{beats, kFirstTokenMs}, std::pair{trickled, deadlines::kRefusalMs}}) {
    RouteWorld chat;
    chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = std::to_string(kFirstTokenMs);
    answer_always(chat.model, answer);
    auto& client = chat.post(R"({"text":"Hi."})");
    const auto passed_ms = run_to_end(chat.world);
    CAPTURE(passed_ms);
    CHECK(read_events(client).text == kStory);
    CHECK(read_events(client).find("done"));
    const auto asked = static_cast<std::int64_t>(chat.model.exchanges.size());
    CHECK(chat.second.asked_at_ms.at(0) - chat.model.asked_at_ms.at(0) <=
          asked * (longest_ms + kSlackMs) + 10'000);
  }
}

TEST_CASE("a model that has said how it ends, and then beats for ever, has ended") {
  ChatWorld chat(1);
  ModelAnswer answer =
      stream(text_event("The end.") +
                 R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"
                 "\n\n",
             ModelAnswer::End::stay_open);
  for (int second = 0; second < 600; ++second) answer.pieces.push_back({1'000, ": beat\n\n"});
  answer_always(chat.model, answer);
  auto& client = chat.post(R"({"text":"Hi."})");
  CHECK(run_to_end(chat.world) <= deadlines::kAfterFinishMs + 1'000);
  CHECK(read_events(client).text == "The end.");
  CHECK(read_events(client).find("done"));
}

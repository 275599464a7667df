#include "tests/sim/peers/chance_turn.hpp"

#include <algorithm>
#include <utility>

#include "functions/chat/chat.hpp"
#include "functions/stream/stream.hpp"

namespace fabula::tests {
namespace {

using Fault = ScriptedDatabase::Fault;

using Kind = ChanceRequest::Kind;

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";
const std::string kGuestAndKey = kGuest + "idempotency-key: 8d5a\n";

std::string random_story(sim::Random& random) {
  constexpr std::array kWords = {"fox ", "sea\n",     "\"quoted\" ", "café ",
                                 "🦊 ",  "letters, ", "e\u0301 ",    "漢字 "};
  std::string story;
  for (auto left = random.between(1, 60); left > 0; --left) {
    story += kWords[static_cast<std::size_t>(random.between(0, kWords.size() - 1))];
  }
  return story;
}

}  // namespace

ChanceTurn::ChanceTurn(std::uint64_t seed, ChanceRequest request)
    : chat(seed), random_(chat.world.random()), request_(std::move(request)) {
  script_host();
  script_database();
  script_models();
  is_detached_ = random_.chance(25);
  client = &send();
  script_client();
  script_events();
  if (request_.has_stalls) script_stalls();
}

void ChanceTurn::play() {
  chat.world.run();
  for (std::size_t model = 0; model < models_.size(); ++model) {
    const auto& asked_at_ms = models_[model]->asked_at_ms;
    // Further ones, of requests that came again, have the model's usual answer.
    const auto count = std::min(asked_at_ms.size(), stories_[model].size());
    for (std::size_t i = 0; i < count; ++i) {
      stories_[model].at(i).asked_at_ms = asked_at_ms[i];
    }
  }
}

const sim::Client& ChanceTurn::come_back() {
  chat.database.fault = [](const auto&) { return Fault::none; };
  chat.world.run_for(61'000);
  auto& again = follow();
  chat.world.run();
  return again;
}

sim::Client& ChanceTurn::send() {
  const std::string reply = "chat/messages/" + ScriptedDatabase::make_id(1);
  const std::string detach = is_detached_ ? R"(,"detach":true)" : "";
  switch (request_.kind) {
    case Kind::message:
      break;
    case Kind::regenerate:
      return chat.post_to(reply + "/regenerate", is_detached_ ? R"({"detach":true})" : "",
                          kGuestAndKey);
    case Kind::go_on:
      return chat.post_to(reply + "/continue", is_detached_ ? R"({"detach":true})" : "",
                          kGuestAndKey);
    case Kind::relay:
      return chat.world.call(
          &stream_function::handle,
          "POST http://edge/functions/v1/stream/v1/stream\ncontent-type: application/json\n" +
              kGuestAndKey,
          R"({"bot_id":3,"conversation_id":7,"prompt":"Tell me.")" + detach + "}");
  }
  return chat.post(R"({"text":"Tell me.")" + request_.more + detach + "}", kGuestAndKey);
}

sim::Client& ChanceTurn::follow() {
  if (!request_.is_followed_by_name) return send();
  // One in the middle of a character is no client's; the start of a reply nearly always ends here.
  constexpr std::string_view kKnown = "4";
  const auto stream_id = "stream-" + generation().id;
  if (request_.kind == Kind::relay) {
    return chat.world.call(&stream_function::handle,
                           "GET http://edge/functions/v1/stream/v1/streams/" + stream_id +
                               "?after=" + std::string(kKnown) + "\n" + kGuest);
  }
  return chat.world.call(&chat_function::handle,
                         "GET http://edge/functions/v1/chat/streams/" + stream_id +
                             "\nlast-event-id: " + std::string(kKnown) + "\n" + kGuest);
}

std::size_t ChanceTurn::asked() const {
  std::size_t count = 0;
  for (const auto* model : models_) count += model->exchanges.size();
  return count;
}

std::vector<const sim::Exchange*> ChanceTurn::requests_to_models() const {
  std::vector<const sim::Exchange*> requests;
  for (const auto* model : models_) {
    for (const auto& exchange : model->exchanges) requests.push_back(exchange.get());
  }
  return requests;
}

const ScriptedStory* ChanceTurn::last_story() const {
  const ScriptedStory* last = nullptr;
  for (const auto& of_model : stories_) {
    for (const auto& story : of_model) {
      if (story.asked_at_ms < 0) continue;
      if (!last || story.asked_at_ms >= last->asked_at_ms) last = &story;
    }
  }
  return last;
}

void ChanceTurn::script_host() {
  auto& behaviour = chat.world.behaviour;
  behaviour.longest_delay_ms = random_.between(0, 30);
  behaviour.longest_read_bytes = static_cast<std::uint32_t>(random_.between(0, 80));
  behaviour.host_traits = static_cast<std::uint32_t>(random_.between(0, 1));
  behaviour.notices_leaving_after_ms = random_.between(0, 50);
  chat.world.environment["FABULA_COALESCE_MS"] = std::to_string(random_.between(0, 3) * 16);
}

void ChanceTurn::script_database() {
  chat.database.bot = {{"provider", "local"}, {"model", "first"}, {"system", "You are a bard."}};
  if (request_.kind == Kind::regenerate || request_.kind == Kind::go_on) {
    chat.database.sessions[ScriptedDatabase::make_id(1)] = {{"user", "Who lives here?"},
                                                            {"assistant", "0.0 A fox"}};
  }
  chat.database.latency_ms = random_.between(0, 400);
  fault_percent_ = static_cast<int>(random_.between(0, 2)) * 20;
  chat.database.fault = [this](const std::string& function) {
    if (!random_.chance(fault_percent_)) return Fault::none;
    // Two turns are begun by two requests: that is the client's business, and has its own tests.
    const auto last = function == "begin_turn" ? Fault::never_answer : Fault::call_twice;
    return static_cast<Fault>(random_.between(1, static_cast<std::int64_t>(last)));
  };
}

// A route of 1 to 3 models. Each request to each has its own story, so that parts of two answers
// cannot pass for one.
void ChanceTurn::script_models() {
  constexpr std::array kEntries = {"local:first", "ollama:second", "llamacpp:third"};
  constexpr std::array kUrls = {"http://127.0.0.1:9/v1", "http://127.0.0.1:11434/v1",
                                "http://127.0.0.1:8080/v1"};
  std::string route;
  const auto count = static_cast<std::size_t>(random_.between(1, 3));
  for (std::size_t model = 0; model < count; ++model) {
    route.append(model == 0 ? "" : ",").append(kEntries[model]);
    if (model > 0) others_.push_back(std::make_unique<ScriptedModel>(chat.world, kUrls[model]));
    models_.push_back(model == 0 ? &chat.model : others_.back().get());
    for (std::size_t request = 0; request < kRequestsPerModel; ++request) {
      const auto tag = std::to_string(model) + "." + std::to_string(request) + " ";
      stories_[model].push_back({tag + random_story(random_)});
      models_[model]->first_answers.push_back(script_answer(stories_[model].back()));
    }
  }
  chat.world.environment["MODEL_CHAT"] = route;
  chat.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "20000";
}

// Whole answers, refusals, answers cut anywhere, and answers that never end.
ModelAnswer ChanceTurn::script_answer(ScriptedStory& story) {
  ModelAnswer answer;
  answer.head_after_ms = random_.between(0, 3000);
  answer.tell(story.text, random_.between(0, random_.chance(50) ? 20 : 1200));
  if (random_.chance(20)) {
    constexpr std::array<std::uint32_t, 6> kStatuses = {500, 503, 429, 408, 401, 400};
    answer.status = kStatuses[static_cast<std::size_t>(random_.between(0, kStatuses.size() - 1))];
    if (random_.chance(30)) {
      answer.headers = "retry-after: " + std::to_string(random_.between(0, 15)) + "\n";
    }
    story.is_whole = false;
  } else if (random_.chance(10)) {
    answer.is_unreachable = true;
    story.is_whole = false;
  }
  if (random_.chance(25)) {
    using End = ModelAnswer::End;
    constexpr std::array kEnds = {End::close, End::break_connection, End::stay_open};
    answer.pieces.resize(static_cast<std::size_t>(
        random_.between(0, static_cast<std::int64_t>(answer.pieces.size()) - 1)));
    answer.end = kEnds[static_cast<std::size_t>(random_.between(0, kEnds.size() - 1))];
    story.is_whole = false;
  }
  return answer;
}

void ChanceTurn::script_client() {
  auto& clock = chat.world.clock();
  if (random_.chance(25)) {
    clock.after(random_.between(0, 20'000), [this] {
      has_left = true;
      client->leave();
    });
  }
  if (random_.chance(10)) {
    client->take_only(static_cast<std::size_t>(random_.between(0, 300)));
    clock.after(random_.between(0, 40'000), [this] { client->take_everything(); });
  }
  if (random_.chance(25)) {
    clock.after(random_.between(0, 20'000), [this] {
      if (has_begun()) follower = &follow();
    });
  }
}

void ChanceTurn::script_events() {
  auto& clock = chat.world.clock();
  if (random_.chance(15)) clock.after(random_.between(0, 20'000), [this] { cancel(); });
  if (random_.chance(10)) {
    clock.after(random_.between(0, 20'000), [this] { chat.world.announce_end_of_isolate(); });
  }
  if (random_.chance(10)) {
    clock.after(random_.between(0, 20'000), [this] {
      was_killed = chat.world.unfinished_requests() > 0;
      chat.world.kill(*client);
    });
  }
}

void ChanceTurn::script_stalls() {
  constexpr std::int64_t kLongestStallMs = 90'000;
  constexpr std::int64_t kMostAheadMs = 120'000;
  auto& clock = chat.world.clock();
  chat.database.clock_ahead_ms = random_.between(-kMostAheadMs, kMostAheadMs);
  for (auto left = random_.between(1, 3); left > 0; --left) {
    clock.after(random_.between(0, 30'000), [this] {
      const auto duration_ms = random_.between(100, random_.chance(50) ? 5'000 : kLongestStallMs);
      chat.database.stall(duration_ms);
      // The reaper has waited as well.
      chat.world.clock().after(duration_ms + random_.between(0, 100),
                               [this] { chat.database.reap(); });
    });
  }
  // Somebody sets it.
  if (random_.chance(40)) {
    clock.after(random_.between(0, 60'000), [this] {
      chat.database.clock_ahead_ms = random_.between(-kMostAheadMs, kMostAheadMs);
      if (random_.chance(50)) chat.database.reap();
    });
  }
  for (std::int64_t at_ms = random_.between(0, 20'000); at_ms < 600'000;
       at_ms += random_.between(1'000, 60'000)) {
    clock.after(at_ms, [this] { chat.database.reap(); });
  }
  if (random_.chance(50)) {
    for (std::int64_t at_ms = 5'000; at_ms < 400'000; at_ms += random_.between(5'000, 60'000)) {
      clock.after(at_ms, [this] { resume(); });
    }
  }
  if (random_.chance(20)) clock.after(random_.between(20'000, 200'000), [this] { say_more(); });
}

// Like a client that has received no end, or one that may be retried.
void ChanceTurn::resume() {
  const auto& last = resumers.empty() ? *client : *resumers.back();
  const bool is_over = last.is_ended() || last.is_broken() || was_killed;
  if (!is_over || has_said_more) return;
  if (last.body().find(R"("type":"done")") != std::string::npos) return;
  resumers.push_back(&send());
}

// Another message in the same conversation, which a silent reply does not keep waiting.
void ChanceTurn::say_more() {
  if (request_.kind != Kind::message || chat.database.sessions.empty()) return;
  has_said_more = true;
  chat.post(R"({"text":"And then?","session_id":")" + chat.database.sessions.begin()->first + "\"}",
            kGuest);
}

// The reply's writer learns it with the next save, at most 5 seconds later.
void ChanceTurn::cancel() {
  if (!has_begun() || generation().status != "streaming") return;
  chat.database.generations[0].cancel_requested = true;
  if (fault_percent_ > 0) return;
  chat.world.clock().after(
      7'000, [this] { was_cancelled_in_vain = !was_killed && generation().status == "streaming"; });
}

}  // namespace fabula::tests

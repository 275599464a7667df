// Ten thousand turns with faults by chance, and what must hold whatever happened.
#include <doctest/doctest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatEvents;
using fabula::tests::ChatWorld;
using fabula::tests::ModelAnswer;
using fabula::tests::read_events;
using fabula::tests::ScriptedDatabase;
using fabula::tests::ScriptedModel;
using Fault = ScriptedDatabase::Fault;

namespace {

constexpr std::uint64_t kRuns = 10'000;
constexpr std::size_t kRequestsPerModel = 2;

const std::string kKey =
    "authorization: Bearer fg_" + std::string(43, 'A') + "\nidempotency-key: 8d5a\n";

std::string random_story(sim::Random& random) {
  constexpr std::array kWords = {"fox ", "sea\n",     "\"quoted\" ", "café ",
                                 "🦊 ",  "letters, ", "e\u0301 ",    "漢字 "};
  std::string story;
  for (auto left = random.between(1, 60); left > 0; --left) {
    story += kWords[static_cast<std::size_t>(random.between(0, kWords.size() - 1))];
  }
  return story;
}

// What a model has for one request.
struct Told {
  std::string story;
  bool is_whole = true;
  std::int64_t asked_at_ms = -1;  // never
};

class Run {
 public:
  explicit Run(std::uint64_t seed) : chat_(seed), random_(chat_.world.random()) {
    script_host();
    script_database();
    script_models();
    const bool detach = random_.chance(25);
    body_ = detach ? R"({"text":"Tell me.","detach":true})" : R"({"text":"Tell me."})";
    client_ = &chat_.post(body_, kKey);
    script_events();
  }

  void play() {
    chat_.world.run();
    for (std::size_t model = 0; model < models_.size(); ++model) {
      const auto& asked = models_[model]->asked_at_ms;
      for (std::size_t i = 0; i < asked.size(); ++i) told_[model][i].asked_at_ms = asked[i];
    }
  }

  void check() {
    CHECK(chat_.world.unfinished_requests() == 0);
    CHECK(chat_.world.open_exchanges() == 0);
    const auto events = read_events(*client_);
    if (chat_.database.generations.empty()) {
      REQUIRE(events.text.empty());
      return;
    }
    REQUIRE(chat_.database.generations.size() == 1);
    check_reply(events);
    check_followers();
  }

  // What the run came to, so that a test can tell that all kinds are common.
  const std::string& status() { return generation().status; }
  bool has_turn() const { return !chat_.database.generations.empty(); }
  bool was_told_done() const { return read_events(*client_).find("done") != nullptr; }
  bool has_fallen_back() const { return asked() > 1; }
  bool was_followed() const { return follower_ != nullptr; }
  bool is_complete_without_client() {
    return has_left_ && status() == "complete" && !was_told_done();
  }

 private:
  const tests::StoredGeneration& generation() { return chat_.database.generations.at(0); }

  void script_host() {
    auto& behaviour = chat_.world.behaviour;
    behaviour.longest_delay_ms = random_.between(0, 30);
    behaviour.longest_read_bytes = static_cast<std::uint32_t>(random_.between(0, 80));
    behaviour.host_traits = static_cast<std::uint32_t>(random_.between(0, 1));
    behaviour.notices_leaving_after_ms = random_.between(0, 50);
    chat_.world.environment["FABULA_COALESCE_MS"] = std::to_string(random_.between(0, 3) * 16);
  }

  void script_database() {
    auto& database = chat_.database;
    database.latency_ms = random_.between(0, 400);
    fault_percent_ = static_cast<int>(random_.between(0, 2)) * 20;
    database.fault = [this](const std::string& function) {
      if (!random_.chance(fault_percent_)) return Fault::none;
      const auto last = function == "begin_turn" ? Fault::never_answer : Fault::call_twice;
      return static_cast<Fault>(random_.between(1, static_cast<std::int64_t>(last)));
    };
  }

  // A route of 1 to 3 models. Each request to each has its own story, so that texts of two answers
  // cannot pass for one.
  void script_models() {
    constexpr std::array kEntries = {"local:first", "ollama:second", "llamacpp:third"};
    constexpr std::array kUrls = {"http://127.0.0.1:9/v1", "http://127.0.0.1:11434/v1",
                                  "http://127.0.0.1:8080/v1"};
    std::string route;
    const auto count = static_cast<std::size_t>(random_.between(1, 3));
    for (std::size_t model = 0; model < count; ++model) {
      route.append(model == 0 ? "" : ",").append(kEntries[model]);
      if (model > 0) others_.push_back(std::make_unique<ScriptedModel>(chat_.world, kUrls[model]));
      models_.push_back(model == 0 ? &chat_.model : others_.back().get());
      for (std::size_t request = 0; request < kRequestsPerModel; ++request) {
        const auto tag = std::to_string(model) + "." + std::to_string(request) + " ";
        told_[model].push_back({tag + random_story(random_)});
        models_[model]->first_answers.push_back(script_answer(told_[model].back()));
      }
    }
    chat_.world.environment["MODEL_CHAT"] = route;
    chat_.world.environment["FABULA_FIRST_TOKEN_TIMEOUT_MS"] = "20000";
  }

  // Whole answers, refusals, answers cut anywhere, and answers that never end.
  ModelAnswer script_answer(Told& told) {
    ModelAnswer answer;
    answer.head_after_ms = random_.between(0, 3000);
    answer.tell(told.story, random_.between(0, random_.chance(50) ? 20 : 1200));
    if (random_.chance(20)) {
      constexpr std::array<std::uint32_t, 6> kStatuses = {500, 503, 429, 408, 401, 400};
      answer.status = kStatuses[static_cast<std::size_t>(random_.between(0, kStatuses.size() - 1))];
      if (random_.chance(30)) {
        answer.headers = "retry-after: " + std::to_string(random_.between(0, 15)) + "\n";
      }
      told.is_whole = false;
    } else if (random_.chance(10)) {
      answer.is_unreachable = true;
      told.is_whole = false;
    }
    if (random_.chance(25)) {
      using End = ModelAnswer::End;
      answer.pieces.resize(static_cast<std::size_t>(
          random_.between(0, static_cast<std::int64_t>(answer.pieces.size()) - 1)));
      constexpr std::array kEnds = {End::close, End::break_connection, End::stay_open};
      answer.end = kEnds[static_cast<std::size_t>(random_.between(0, 2))];
      told.is_whole = false;
    }
    return answer;
  }

  void script_events() {
    auto& clock = chat_.world.clock();
    if (random_.chance(25)) {
      clock.after(random_.between(0, 20'000), [this] {
        has_left_ = true;
        client_->leave();
      });
    }
    if (random_.chance(10)) {
      client_->take_only(static_cast<std::size_t>(random_.between(0, 300)));
      clock.after(random_.between(0, 40'000), [this] { client_->take_everything(); });
    }
    if (random_.chance(15)) clock.after(random_.between(0, 20'000), [this] { cancel(); });
    if (random_.chance(10)) {
      clock.after(random_.between(0, 20'000), [this] { chat_.world.announce_end_of_isolate(); });
    }
    if (random_.chance(10)) {
      clock.after(random_.between(0, 20'000), [this] {
        was_killed_ = chat_.world.unfinished_requests() > 0;
        chat_.world.kill(*client_);
      });
    }
    if (random_.chance(25)) {
      clock.after(random_.between(0, 20'000), [this] {
        if (has_turn()) follower_ = &chat_.post(body_, kKey);
      });
    }
  }

  // The reply ends with the next save, which is at most 5 seconds away, if saves get through.
  void cancel() {
    if (!has_turn() || generation().status != "streaming") return;
    chat_.database.generations[0].cancel_requested = true;
    if (fault_percent_ > 0) return;
    chat_.world.clock().after(7'000, [this] {
      CHECK((was_killed_ || generation().status != "streaming"));
      CHECK(chat_.model.exchanges.size() <= kRequestsPerModel);
    });
  }

  std::size_t asked() const {
    std::size_t count = 0;
    for (const auto* model : models_) count += model->exchanges.size();
    return count;
  }

  const Told* last_asked() const {
    const Told* last = nullptr;
    for (const auto& of_model : told_) {
      for (const auto& told : of_model) {
        if (told.asked_at_ms >= 0 && (!last || told.asked_at_ms >= last->asked_at_ms)) last = &told;
      }
    }
    return last;
  }

  void check_reply(const ChatEvents& events) {
    const auto& row = generation();
    const auto stored = row.text();
    const auto* last = last_asked();
    const auto story = last ? last->story : std::string();
    CHECK(asked() <= models_.size() * kRequestsPerModel);
    // Only the last who was asked has said anything.
    REQUIRE(story.starts_with(stored));
    REQUIRE(story.starts_with(events.text));
    const bool is_ended_here = row.status != "streaming" && !row.was_silent;
    if (is_ended_here) REQUIRE(stored.starts_with(events.text));
    if (row.status == "complete") {
      REQUIRE(last);
      REQUIRE(last->is_whole);
      REQUIRE(stored == story);
    }
    if (events.find("done")) {
      REQUIRE(row.status == "complete");
      REQUIRE(events.text == story);
    } else if (!was_killed_ && client_->is_ended() && client_->status() == 200) {
      REQUIRE((events.find("error") || row.status == "stopped"));
    }
    check_message_is_stored_once();
  }

  void check_message_is_stored_once() {
    const auto& row = generation();
    const auto& messages = chat_.database.sessions.begin()->second;
    const bool has_reply = row.status != "streaming" && !row.text().empty();
    REQUIRE(messages.size() == (has_reply ? 2 : 1));
    if (!has_reply) return;
    REQUIRE(messages[1].content == row.text());
    REQUIRE(messages[1].is_complete == (row.status == "complete"));
  }

  // Who has followed the reply to its end, and who asks for it afterwards, has what is stored.
  void check_followers() {
    chat_.database.fault = [](const auto&) { return Fault::none; };
    chat_.world.run_for(61'000);
    auto& late = chat_.post(body_, kKey);
    chat_.world.run();
    REQUIRE(generation().status != "streaming");
    const auto stored = generation().text();
    for (const auto* follower : {follower_, &late}) {
      if (!follower || follower->status() != 200) continue;
      const auto events = read_events(*follower);
      REQUIRE(stored.starts_with(events.text));
      if (!events.find("done") && !events.find("error")) continue;
      REQUIRE(events.text == stored);
      REQUIRE((events.find("done") != nullptr) == (generation().status == "complete"));
    }
    REQUIRE((late.status() == 200));
    CHECK(read_events(late).text == stored);
    CHECK(chat_.database.generations.size() == 1);
    CHECK(chat_.world.open_exchanges() == 0);
    check_message_is_stored_once();
  }

  ChatWorld chat_;
  sim::Random& random_;
  std::vector<std::unique_ptr<ScriptedModel>> others_;
  std::vector<ScriptedModel*> models_;
  std::array<std::vector<Told>, 3> told_;
  int fault_percent_ = 0;
  std::string body_;
  sim::Client* client_ = nullptr;
  const sim::Client* follower_ = nullptr;
  bool has_left_ = false;
  bool was_killed_ = false;
};

}  // namespace

TEST_CASE("whatever happens, nothing that a client saw is lost and nothing stays open") {
  int done = 0;
  int cut_short = 0;
  int done_by_another = 0;
  int stopped = 0;
  int finished_alone = 0;
  int followed = 0;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    run.play();
    run.check();
    if (!run.has_turn()) continue;
    ++(run.was_told_done() ? done : cut_short);
    done_by_another += run.was_told_done() && run.has_fallen_back() ? 1 : 0;
    stopped += run.status() == "stopped" ? 1 : 0;
    finished_alone += run.is_complete_without_client() ? 1 : 0;
    followed += run.was_followed() ? 1 : 0;
  }
  // The chances above leave all kinds common.
  MESSAGE(done, " done, ", done_by_another, " of them after a failure, ", cut_short, " cut short, ",
          stopped, " stopped, ", finished_alone, " finished alone, ", followed, " followed");
  CHECK(done > 2000);
  CHECK(done_by_another > 500);
  CHECK(cut_short > 2000);
  CHECK(stopped > 200);
  CHECK(finished_alone > 200);
  CHECK(followed > 500);
}

#include "tests/sim/peers/chance_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/json/text.hpp"

namespace fabula::tests {
namespace {

constexpr std::int64_t kUnrestMs = 60'000;

std::string some_words(sim::Random& random) {
  constexpr std::array kWords = {"fox ", "sea\n", "\"quoted\" ", "café ", "🦊 ", "漢字 "};
  std::string story;
  for (auto left = random.between(1, 30); left > 0; --left) {
    story += kWords[static_cast<std::size_t>(random.between(0, kWords.size() - 1))];
  }
  return story;
}

}  // namespace

ChanceSession::ChanceSession(std::uint64_t seed) : chat(seed), random_(chat.world.random()) {
  script_host();
  script_database();
  script_model();
  const auto count = random_.chance(50) ? 1 : 2;
  for (int i = 0; i < count; ++i) {
    auto& first = clients.emplace_back(std::make_unique<RealtimeClient>(chat, "demo123"));
    script_client(*first, i == 0 ? "a" : "b");
  }
  clients.front()->connect();
  if (count == 2) connect_second(*clients.back());
}

// A second tab has the first one's token.
void ChanceSession::connect_second(RealtimeClient& client) {
  chat.world.clock().after(random_.between(500, 3'000), [this, &client] {
    if (clients.front()->token().empty()) return connect_second(client);
    client.use_token(clients.front()->token());
    client.connect();
  });
}

void ChanceSession::play() {
  chat.world.run_for(kUnrestMs);
  chat.database.fault = [](const auto&) { return ScriptedDatabase::Fault::none; };
  constexpr std::int64_t kStepMs = 15'000;
  constexpr int kMaximumSteps = 20;
  for (int i = 0; i < kMaximumSteps && !is_settled(); ++i) {
    // Like the database's schedule each minute.
    chat.database.reap();
    chat.world.run_for(kStepMs);
  }
  // An idle connection looks every 20 seconds, after a look that may have been waited for in vain.
  chat.world.run_for(5 * kStepMs);
  for (const auto& client : clients) client->leave();
  chat.world.run();
}

bool ChanceSession::is_settled() const {
  const auto& generations = chat.database.generations;
  const bool is_quiet =
      std::none_of(generations.begin(), generations.end(),
                   [](const auto& generation) { return generation.status == "streaming"; });
  return is_quiet && std::all_of(clients.begin(), clients.end(), [](const auto& client) {
           return client->is_ready() && client->has_heard_all_said();
         });
}

void ChanceSession::script_host() {
  auto& behaviour = chat.world.behaviour;
  behaviour.longest_delay_ms = random_.between(0, 30);
  behaviour.longest_read_bytes = static_cast<std::uint32_t>(random_.between(0, 80));
  behaviour.host_traits = static_cast<std::uint32_t>(random_.between(0, 1));
  behaviour.notices_leaving_after_ms = random_.between(0, 50);
  chat.world.environment["FABULA_COALESCE_MS"] = std::to_string(random_.between(0, 3) * 16);
  if (random_.chance(10)) chat.world.environment["FABULA_SOCKET_SUBREQUESTS"] = "60";
}

void ChanceSession::script_database() {
  using Fault = ScriptedDatabase::Fault;
  chat.database.latency_ms = random_.between(0, 300);
  chat.sessions.page_events = random_.chance(20) ? random_.between(1, 3) : 100;
  fault_percent_ = static_cast<int>(random_.between(0, 2)) * 10;
  chat.database.fault = [this](const std::string& function) {
    if (!random_.chance(fault_percent_)) return Fault::none;
    const bool begins_turn = function == "begin_turn";
    if (begins_turn) note_fault(chat.database.bodies.back());
    const auto last = begins_turn ? Fault::never_answer : Fault::call_twice;
    return static_cast<Fault>(random_.between(1, static_cast<std::int64_t>(last)));
  };
}

void ChanceSession::note_fault(const std::string& body) {
  const auto call = json::parse(body);
  const auto* request = call ? json::find(*call, "request") : nullptr;
  const auto* metadata = request ? json::find(*request, "message_metadata") : nullptr;
  const auto id = metadata ? json::string_at(*metadata, "client_id") : std::nullopt;
  if (id) refused.emplace(*id);
}

void ChanceSession::script_model() {
  constexpr int kAnswers = 60;
  for (int i = 0; i < kAnswers; ++i) {
    ModelAnswer answer;
    stories_.push_back(std::to_string(i) + ": " + some_words(random_));
    answer.head_after_ms = random_.between(0, random_.chance(80) ? 300 : 5'000);
    answer.tell(stories_.back(), random_.between(0, random_.chance(50) ? 20 : 600));
    if (random_.chance(10)) answer.status = random_.chance(50) ? 500 : 401;
    if (random_.chance(10)) {
      answer.pieces.resize(static_cast<std::size_t>(
          random_.between(0, static_cast<std::int64_t>(answer.pieces.size()) - 1)));
      answer.end = random_.chance(50) ? ModelAnswer::End::close : ModelAnswer::End::stay_open;
    }
    chat.model.first_answers.push_back(std::move(answer));
  }
  chat.model.tell("And so on.", 20);
}

void ChanceSession::script_client(RealtimeClient& client, const std::string& name) {
  auto& clock = chat.world.clock();
  client.reaction_ms = random_.between(0, random_.chance(80) ? 30 : 2'000);
  client.reconnect_ms = random_.between(1, random_.chance(70) ? 500 : 10'000);
  // In the order in which they are said.
  const auto messages = random_.between(1, 4);
  std::vector<std::int64_t> moments;
  for (std::int64_t i = 0; i < messages; ++i) moments.push_back(moment());
  std::sort(moments.begin(), moments.end());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const auto id = name + std::to_string(i + 1);
    clock.after(moments[i], [&client, id] { client.say(id, "Say " + id); });
    script_message(client, id);
  }
  for (auto left = random_.between(0, 3); left > 0; --left) {
    client.drops_after.insert(static_cast<std::size_t>(random_.between(1, 40)));
  }
  if (random_.chance(30)) clock.after(moment(), [&client] { client.drop(); });
  if (random_.chance(10)) {
    was_paused = true;
    const auto begins = moment();
    clock.after(begins, [&client] { client.pause(); });
    clock.after(begins + random_.between(0, 40'000), [&client] { client.go_on(); });
  }
  script_isolates(client);
}

void ChanceSession::script_message(RealtimeClient& client, const std::string& id) {
  auto& clock = chat.world.clock();
  const auto has_said = [&client, id] { return client.replies().count(id) > 0; };
  for (auto left = random_.between(0, 2); left > 0; --left) {
    clock.after(moment(), [&client, id, has_said] {
      if (has_said()) client.repeat(id);
    });
  }
  if (random_.chance(20)) {
    clock.after(moment(), [this, &client, id, has_said] {
      if (!has_said()) return;
      cancelled.insert(id);
      client.cancel(id);
    });
  }
}

void ChanceSession::script_isolates(RealtimeClient& client) {
  auto& clock = chat.world.clock();
  if (random_.chance(20)) {
    clock.after(moment(), [this, &client] {
      if (!client.is_connected()) return;
      ++endings;
      chat.world.announce_end_of_isolate(client.socket());
    });
  }
  if (random_.chance(20)) {
    clock.after(moment(), [this, &client] {
      if (!client.is_connected()) return;
      ++kills;
      chat.world.kill(client.socket());
    });
  }
}

}  // namespace fabula::tests

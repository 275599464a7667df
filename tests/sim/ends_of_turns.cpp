// Turns with a database that stops for up to 90 seconds, a clock that is two minutes wrong,
// a reaper, clients that ask again, and all other random events: the reported end is always true.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/peers/chance_turn.hpp"

using namespace fabula;
using fabula::tests::ChanceTurn;
using fabula::tests::ChatEvents;
using fabula::tests::read_events;
using fabula::tests::StoredGeneration;

namespace {

// The long ring plays all turns, the short one a tenth.
std::uint64_t turns_to_play() {
  const char* ring = std::getenv("FABULA_TEST_RING");
  return ring && std::string_view(ring) == "long" ? 10'000 : 1'000;
}

// FABULA_SEED repeats a run.
std::uint64_t first_seed() {
  const char* seed = std::getenv("FABULA_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : 1;
}

const StoredGeneration* generation_of(const ChanceTurn& turn, const ChatEvents& events) {
  const auto* metadata = events.find("metadata");
  const auto* ids = metadata ? json::find(*metadata, "metadata") : nullptr;
  const auto stream_id = ids ? json::string_at(*ids, "stream_id").value_or("") : "";
  for (const auto& generation : turn.chat.database.generations) {
    // A follower does not get the stream's name from the peer: it follows the request's key.
    if (stream_id.empty() && !generation.idempotency_key.empty()) return &generation;
    if (stream_id == "stream-" + generation.id) return &generation;
  }
  return nullptr;
}

struct Counts {
  int done = 0;
  int errors = 0;
  int not_stored = 0;
  int refused = 0;
  int come_back = 0;
  int reopened = 0;
  int withdrawn = 0;
  int run_again = 0;
  int overtaken = 0;
};

// A stream has one end, and `done` is sent only for stored text.
void check_stream(const ChanceTurn& turn, const sim::Client& client, Counts& counts) {
  if (client.status() != 200) {
    counts.refused += client.status() == 503 ? 1 : 0;
    return;
  }
  const auto events = read_events(client);
  int ends = 0;
  for (const auto& event : events.others) {
    const auto type = json::string_at(event, "type");
    if (type == "done" || type == "error") ++ends;
  }
  REQUIRE(ends <= 1);
  const bool comes_back = client.body().find("retry: ") != std::string::npos;
  counts.come_back += comes_back ? 1 : 0;
  if (client.is_ended() && !(turn.has_left && &client == turn.client)) {
    REQUIRE(ends + (comes_back ? 1 : 0) == 1);
  }
  if (const auto* error = events.find("error")) {
    ++counts.errors;
    const auto* about = json::find(*error, "error");
    counts.not_stored += about && json::find(*about, "stored_bytes") ? 1 : 0;
  }
  if (!events.find("done")) return;
  ++counts.done;
  const auto* generation = generation_of(turn, events);
  REQUIRE(generation);
  REQUIRE(generation->text() == events.text);
  REQUIRE((generation->status == "complete" || generation->status == "stopped"));
}

void check_rows(const ChanceTurn& turn) {
  const auto& database = turn.chat.database;
  std::set<std::string> keys;
  for (const auto& generation : database.generations) {
    REQUIRE(generation.status != "streaming");
    REQUIRE(generation.usages == 1);
    if (!generation.idempotency_key.empty()) {
      REQUIRE(keys.insert(generation.idempotency_key).second);
    }
    const auto text = generation.text();
    REQUIRE(generation.saved_bytes == text.size());
    if (text.empty()) continue;
    const auto& messages = database.sessions.at(generation.session_id);
    REQUIRE(generation.message >= 1);
    REQUIRE(generation.message <= messages.size());
    REQUIRE(messages.at(generation.message - 1).content == text);
    REQUIRE(messages.at(generation.message - 1).is_complete == (generation.status == "complete"));
  }
}

// If none of the clients that sent the request learnt that it runs, it does not run.
void check_refused(const ChanceTurn& turn, const std::vector<const sim::Client*>& clients,
                   Counts& counts) {
  bool is_accepted = turn.was_killed || turn.has_left;
  for (const auto* client : clients) is_accepted = is_accepted || client->status() == 200;
  const auto& database = turn.chat.database;
  std::size_t said = 0;
  for (const auto& [id, messages] : database.sessions) {
    for (const auto& message : messages) said += message.role == "user" ? 1 : 0;
  }
  // All six tries to withdraw a call may get lost by chance: then its turn has died without a word,
  // and runs when it is requested again. They may also come after the next turn of the conversation
  // has begun, which follows the question: then the question stays.
  std::size_t not_withdrawn = 0;
  for (const auto& generation : database.generations) {
    if (generation.idempotency_key.empty() || is_accepted) continue;
    CHECK(turn.has_faults());
    const bool is_overtaken = database.is_withdrawn(generation) && !database.is_last(generation);
    counts.overtaken += is_overtaken ? 1 : 0;
    not_withdrawn += is_overtaken || !database.is_withdrawn(generation) ? 1 : 0;
  }
  REQUIRE(said <= (is_accepted ? 1u : not_withdrawn) + (turn.has_said_more ? 1u : 0u));
}

}  // namespace

TEST_CASE("however long the database stands still and whatever its clock says, the end is true") {
  Counts counts;
  const auto first = first_seed();
  const auto last = first + turns_to_play();
  std::cout << "ends of turns: seeds " << first << " to " << last - 1 << "\n";
  for (auto seed = first; seed < last; ++seed) {
    CAPTURE(seed);
    ChanceTurn turn(seed, {.has_stalls = true});
    turn.play();
    REQUIRE(turn.chat.world.unfinished_requests() == 0);
    REQUIRE(turn.chat.world.open_exchanges() == 0);
    std::vector<const sim::Client*> clients{turn.client};
    if (turn.follower) clients.push_back(turn.follower);
    clients.insert(clients.end(), turn.resumers.begin(), turn.resumers.end());
    check_refused(turn, clients, counts);
    for (const auto* client : clients) check_stream(turn, *client, counts);
    // The same request succeeds, whatever happened to the earlier ones.
    const auto& late = turn.come_back();
    REQUIRE(late.status() == 200);
    check_stream(turn, late, counts);
    REQUIRE(late.is_ended());
    check_rows(turn);
    counts.reopened += turn.chat.database.reopened;
    counts.withdrawn += turn.chat.database.withdrawn;
    counts.run_again += turn.chat.database.run_again;
  }
  std::cout << "done " << counts.done << ", errors " << counts.errors << " (" << counts.not_stored
            << " of them not all stored), refused " << counts.refused << ", to come back "
            << counts.come_back << ", gone on " << counts.reopened << ", taken back "
            << counts.withdrawn << ", run again " << counts.run_again << ", overtaken "
            << counts.overtaken << "\n";
  const auto share = static_cast<int>(last - first) / 1000;
  CHECK(counts.done > 200 * share);
  CHECK(counts.not_stored > 5 * share);
  CHECK(counts.refused > 50 * share);
  CHECK(counts.reopened > 10 * share);
  CHECK(counts.withdrawn > 20 * share);
  CHECK(counts.run_again > 5 * share);
  CHECK(counts.overtaken <= 2 * share);
}

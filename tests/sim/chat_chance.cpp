// Turns with random faults, and the invariants that hold whatever happens.
#include <doctest/doctest.h>

#include <cstdio>
#include <optional>
#include <string>

#include "tests/sim/peers/chance_turn.hpp"

using namespace fabula;
using fabula::tests::ChanceTurn;
using fabula::tests::ChatEvents;
using fabula::tests::read_events;

namespace {

constexpr std::uint64_t kRuns = 10'000;

void check_nothing_is_left_open(const ChanceTurn& turn) {
  REQUIRE(turn.chat.world.unfinished_requests() == 0);
  REQUIRE(turn.chat.world.open_exchanges() == 0);
}

void check_message_is_stored_once(const ChanceTurn& turn) {
  const auto& row = turn.generation();
  const auto& messages = turn.chat.database.sessions.begin()->second;
  const bool has_reply = row.status != "streaming" && !row.text().empty();
  REQUIRE(turn.chat.database.generations.size() == 1);
  if (row.status == "streaming" && turn.chat.database.reopened > 0) {
    // It was ended for its silence, continues, and has not ended again.
    REQUIRE(messages.size() == 2);
    REQUIRE(row.text().starts_with(messages[1].content));
    return;
  }
  REQUIRE(messages.size() == (has_reply ? 2 : 1));
  if (!has_reply) return;
  REQUIRE(messages[1].content == row.text());
  REQUIRE(messages[1].is_complete == (row.status == "complete"));
}

// How much of the reply is stored according to an error, if less than was sent.
std::optional<std::int64_t> stored_bytes_told(const ChatEvents& events) {
  const auto* error = events.find("error");
  return error ? json::integer_at((*error)["error"], "stored_bytes") : std::nullopt;
}

bool has_told_that_nothing_is_stored(const ChatEvents& events) {
  return stored_bytes_told(events) == 0;
}

bool has_told_an_end(const ChatEvents& events) {
  return events.find("done") || events.find("error");
}

// Compares the client's text, the stored text, and the model's text.
void check_reply(const ChanceTurn& turn, const ChatEvents& events) {
  const auto& row = turn.generation();
  const auto stored = row.text();
  const auto* last = turn.last_story();
  const auto story = last ? last->text : std::string();
  const auto runs = static_cast<std::size_t>(1 + turn.chat.database.run_again);
  REQUIRE(turn.asked() <= runs * turn.most_asked());
  // Only the last one that was asked has said anything.
  REQUIRE(story.starts_with(stored));
  const bool is_ended_by_its_turn = row.status != "streaming" && !row.was_silent;
  // Otherwise a later request has run the turn again; a client that had left does not know.
  const bool is_of_last_run =
      runs == 1 || (has_told_an_end(events) && !has_told_that_nothing_is_stored(events));
  if (is_of_last_run) {
    REQUIRE(story.starts_with(events.text));
    if (is_ended_by_its_turn) REQUIRE(stored.starts_with(events.text));
  }
  if (row.status == "complete") {
    REQUIRE(last);
    REQUIRE(last->is_whole);
    REQUIRE(stored == story);
  }
  if (const auto* done = events.find("done")) {
    const bool is_cancelled = json::string_at(*done, "finish_reason") == "cancelled";
    REQUIRE(row.status == (is_cancelled ? "stopped" : "complete"));
    REQUIRE(events.text == (is_cancelled ? stored : story));
  } else if (!turn.was_killed && turn.client->is_ended() && turn.client->status() == 200) {
    REQUIRE((events.find("error") || row.status == "stopped"));
  }
}

// Clients that followed the reply to its end, and those that ask for it afterwards, have the stored
// text.
void check_followers(ChanceTurn& turn) {
  const auto& late = turn.come_back();
  check_nothing_is_left_open(turn);
  const auto& row = turn.generation();
  REQUIRE(row.status != "streaming");
  REQUIRE(late.status() == 200);
  REQUIRE(read_events(late).text == row.text());
  for (const auto* follower : {turn.follower, &late}) {
    if (!follower || follower->status() != 200) continue;
    const auto events = read_events(*follower);
    const auto& database = turn.chat.database;
    if (database.run_again > 0 && has_told_that_nothing_is_stored(events)) continue;
    if (const auto told = stored_bytes_told(events)) {
      // It has run the turn again itself, and not all of its end could be stored.
      const auto kept = static_cast<std::size_t>(*told);
      REQUIRE(database.run_again > 0);
      REQUIRE(kept < events.text.size());
      REQUIRE(row.text().substr(0, kept) == events.text.substr(0, kept));
      continue;
    }
    REQUIRE(row.text().starts_with(events.text));
    if (!has_told_an_end(events)) continue;
    // The turn that it followed was taken back or died, unsaid, and `late` has begun it again; or
    // it was closed for its silence, and its writer was only slow.
    const bool has_begun_again = database.withdrawn > 0 || database.run_again > 0;
    if (has_begun_again && events.text.empty() && events.find("error")) continue;
    if (database.reopened > 0 && events.find("error")) continue;
    REQUIRE(events.text == row.text());
    REQUIRE((events.find("done") != nullptr) ==
            (row.status == "complete" || row.status == "stopped"));
  }
}

struct Counts {
  int done = 0;
  int done_after_failure = 0;
  int cut_short = 0;
  int stopped = 0;
  int finished_alone = 0;
  int followed = 0;

  void add(const ChanceTurn& turn, const ChatEvents& events) {
    const auto& status = turn.generation().status;
    const bool is_done = events.find("done") != nullptr && status == "complete";
    ++(is_done ? done : cut_short);
    done_after_failure += is_done && turn.asked() > 1 ? 1 : 0;
    stopped += status == "stopped" ? 1 : 0;
    finished_alone += turn.has_left && status == "complete" && !is_done ? 1 : 0;
    followed += turn.follower ? 1 : 0;
  }
};

}  // namespace

TEST_CASE("whatever happens, nothing that a client saw is lost and nothing stays open") {
  std::printf("seed: chat_chance: 1 to %llu\n", static_cast<unsigned long long>(kRuns));
  Counts counts;
  for (std::uint64_t seed = 1; seed <= kRuns; ++seed) {
    CAPTURE(seed);
    ChanceTurn turn(seed);
    turn.play();
    check_nothing_is_left_open(turn);
    const auto events = read_events(*turn.client);
    if (!turn.has_begun()) {
      REQUIRE(events.text.empty());
      continue;
    }
    REQUIRE_FALSE(turn.was_cancelled_in_vain);
    counts.add(turn, events);
    check_reply(turn, events);
    check_message_is_stored_once(turn);
    check_followers(turn);
    check_message_is_stored_once(turn);
  }
  // The chances leave all kinds common.
  CHECK(counts.done > 2000);
  CHECK(counts.done_after_failure > 500);
  CHECK(counts.cut_short > 2000);
  CHECK(counts.stopped > 200);
  CHECK(counts.finished_alone > 150);
  CHECK(counts.followed > 500);
}

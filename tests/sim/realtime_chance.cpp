// Sessions with random faults, and the invariants that hold whatever happens.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/peers/chance_session.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

// The long ring plays all sessions, the short one a tenth.
std::uint64_t sessions_to_play() {
  const char* ring = std::getenv("FABULA_TEST_RING");
  return ring && std::string_view(ring) == "long" ? 10'000 : 1'000;
}

// FABULA_SEED repeats a run.
std::uint64_t first_seed() {
  const char* seed = std::getenv("FABULA_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : 1;
}

struct Counts {
  int said = 0;
  int done = 0;
  int read_later = 0;
  int failed = 0;
  int taken_back = 0;
  int connections = 0;
  int kills = 0;
  int endings = 0;
  int withdrawn = 0;
};

// A description of the fault; empty: none.
using Fault = std::string;

// The session in which something was said; guests whose first connection got lost have others.
const ScriptedSessions::Session* spoken_session(const ChanceSession& session) {
  const ScriptedSessions::Session* spoken = nullptr;
  for (const auto& [name, candidate] : session.chat.sessions.sessions) {
    if (session.chat.sessions.messages(candidate).empty()) continue;
    if (spoken) return nullptr;
    spoken = &candidate;
  }
  return spoken;
}

std::vector<std::size_t> places_of(const std::vector<StoredMessage>& messages,
                                   const std::string& client_id) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (json::string_at(messages[i].metadata, "client_id") == client_id) places.push_back(i);
  }
  return places;
}

// The last run of a message's reply.
const StoredGeneration* generation_of(const ChanceSession& session,
                                      const std::string& user_message_id) {
  const StoredGeneration* last = nullptr;
  for (const auto& generation : session.chat.database.generations) {
    if (generation.user_message_id == user_message_id) last = &generation;
  }
  return last;
}

Fault fault_of_reply(const ChanceSession& session, const std::string& id, const HeardReply& reply,
                     const StoredMessage& question) {
  const auto* generation = generation_of(session, question.id);
  if (!generation) return "has no reply";
  if (generation->status == "streaming") return "is still being answered";
  if (!reply.is_over() && !reply.has_failed()) return "was never answered";
  const auto stored = generation->text();
  if (reply.done > 0) {
    // A message that waits to be sent again can be cancelled too, long after its reply has ended.
    const bool is_cancelled = reply.finish_reason == "cancelled";
    if (is_cancelled && session.cancelled.count(id) > 0 && generation->status != "stopped") {
      return {};
    }
    if (generation->status != (is_cancelled ? "stopped" : "complete"))
      return "was told as done and is " + generation->status;
    if (reply.done_text != stored) {
      return "was told as '" + reply.done_text + "', not '" + stored + "'";
    }
  } else if (reply.stored_text) {
    if (*reply.stored_text != stored) return "is not what its event tells";
  } else if (session.kills == 0 && !session.has_faults()) {
    if (!stored.starts_with(reply.text)) return "was told more than is stored";
  }
  return {};
}

Fault fault_of_messages(const ChanceSession& session, const RealtimeClient& client,
                        const std::vector<StoredMessage>& messages, Counts& counts) {
  std::size_t last_place = 0;
  for (const auto& id : client.said()) {
    const auto& reply = client.reply(id);
    const auto places = places_of(messages, id);
    ++counts.said;
    counts.done += reply.done > 0 && reply.finish_reason == "stop" ? 1 : 0;
    counts.read_later += reply.done == 0 && reply.is_over() ? 1 : 0;
    counts.failed += reply.is_over() ? 0 : 1;
    const bool may_be_taken_back = session.cancelled.count(id) > 0 && !reply.is_accepted;
    if (may_be_taken_back && places.empty()) {
      ++counts.taken_back;
      continue;
    }
    if (places.size() != 1) return id + " is stored " + std::to_string(places.size()) + " times";
    const auto fault = fault_of_reply(session, id, reply, messages[places.front()]);
    if (!fault.empty()) return "the reply to " + id + " " + fault;
    // A refused or withdrawn message is sent again later, perhaps after others.
    if (reply.errors > 0 || session.refused.count(id) > 0 || session.cancelled.count(id) > 0) {
      continue;
    }
    if (places.front() < last_place) return id + " is out of order";
    last_place = places.front();
  }
  return {};
}

Fault fault_of_events(const ScriptedSessions::Session& session, const RealtimeClient& client) {
  for (const auto& event : session.events) {
    // A client without any events gets the newest ones.
    if (client.events().empty() || event.id < client.events().front()) continue;
    if (std::count(client.events().begin(), client.events().end(), event.id) != 1) {
      return "the event " + std::to_string(event.id) + " was not told";
    }
  }
  return {};
}

Fault fault_of(const ChanceSession& session, Counts& counts) {
  if (session.chat.world.unfinished_requests() > 0) return "work is left";
  if (session.chat.world.open_exchanges() > 0) return "an exchange is open";
  // The part of a reply whose continuation said nothing may become another take of it.
  for (const auto& message : session.chat.database.put_aside) {
    if (message.role == "user") return "a message was put aside";
  }
  const auto* spoken = spoken_session(session);
  if (!spoken) return "there are two sessions or none";
  const auto& messages = session.chat.sessions.messages(*spoken);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool is_after_reply = i == 0 || messages[i - 1].role == "assistant";
    if (messages[i].role == "assistant" && is_after_reply) return "a reply has no question";
  }
  for (const auto& client : session.clients) {
    if (!client->faults().empty()) return client->faults().front();
    auto fault = fault_of_messages(session, *client, messages, counts);
    if (fault.empty()) fault = fault_of_events(*spoken, *client);
    if (!fault.empty()) return fault;
    counts.connections += client->connections();
  }
  if (session.kills == 0 && !session.has_faults() && !spoken->connections.empty()) {
    return "a connection has not left";
  }
  counts.kills += session.kills;
  counts.endings += session.endings;
  counts.withdrawn += session.chat.database.withdrawn;
  return {};
}

}  // namespace

TEST_CASE("whatever happens, a session loses nothing, doubles nothing and leaves nothing open") {
  Counts counts;
  const auto first = first_seed();
  const auto last = first + sessions_to_play();
  std::cout << "realtime chance: seeds " << first << " to " << last - 1 << "\n";
  int faults = 0;
  constexpr int kEnoughFaults = 20;
  for (auto seed = first; seed < last && faults < kEnoughFaults; ++seed) {
    ChanceSession session(seed);
    session.play();
    const auto fault = fault_of(session, counts);
    faults += fault.empty() ? 0 : 1;
    CHECK_MESSAGE(fault.empty(), "seed ", seed, ": ", fault);
  }
  std::cout << "said " << counts.said << ", done " << counts.done << ", read later "
            << counts.read_later << ", failed " << counts.failed << ", taken back "
            << counts.taken_back << ", connections " << counts.connections << ", killed "
            << counts.kills << ", ended " << counts.endings << ", withdrawn " << counts.withdrawn
            << "\n";
  const auto share = static_cast<int>(last - first) / 1000;
  CHECK(counts.done > 1'000 * share);
  CHECK(counts.read_later > 50 * share);
  CHECK(counts.taken_back > 5 * share);
  CHECK(counts.connections > 3'000 * share);
  CHECK(counts.kills > 100 * share);
  CHECK(counts.endings > 100 * share);
  CHECK(counts.withdrawn > 20 * share);
}

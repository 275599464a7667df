// The engine functions of supabase/schemas as a peer of the simulation: the same answers from
// tables in memory, and faults on purpose.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "shared/json/document.hpp"
#include "wasm/sim/exchange.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::tests {

struct StoredMessage {
  std::string role;
  std::string content;
  bool is_complete = true;
  json::Document metadata = {};
};

struct StoredGeneration {
  std::string id;
  std::string session_id;
  std::string status = "streaming";
  std::string error_code;
  std::string finish_reason;
  std::map<std::uint64_t, std::string> chunks;  // by offset
  std::uint64_t saved_bytes = 0;
  bool cancel_requested = false;
  std::int64_t heartbeat_ms = 0;
  std::size_t base_bytes = 0;  // of the reply that it goes on with
  std::string idempotency_key;
  bool was_silent = false;        // too long: somebody else has closed it
  bool ended_by_silence = false;  // and its writer has not gone on
  bool has_beaten = false;
  bool has_question = false;              // that was said with it
  bool answers_earlier_question = false;  // of a run that died without a word
  std::string call_id;
  // The message, while it is there: its place among the session's, from 1 on.
  std::size_t message = 0;
  int usages = 0;  // rows of usage that it has

  std::string text() const;
};

class ScriptedDatabase {
 public:
  explicit ScriptedDatabase(sim::World& world);

  // What a call does instead of its work, if anything: called with the function's name.
  enum class Fault {
    none,
    refuse_connection,
    lose_answer,
    answer_503,
    answer_garbage,
    never_answer,
    call_twice,  // as when a gateway repeats a request
  };
  std::function<Fault(const std::string& function)> fault = [](const auto&) { return Fault::none; };
  std::int64_t latency_ms = 3;
  // How far the database's clock is ahead of the functions'.
  std::int64_t clock_ahead_ms = 0;
  // Nothing is answered until then: the process is stopped. What comes meanwhile waits.
  void stall(std::int64_t duration_ms);
  // What the reaper does.
  void reap();
  // What functions answer that the turn has no use for, by name.
  std::map<std::string, std::string> answers;

  // What begin_turn says of what came before the history; empty: nothing.
  std::string summary;
  // What turns that ask for it are told of their dossier, and how it stands; empty: they have none.
  std::string told;
  json::Document dossier;
  // Whom turns that name a bot ask; empty: there are no bots.
  json::Document bot;

  // How often a slow writer went on, a turn was taken back, and a dead one run again.
  int reopened = 0;
  int withdrawn = 0;
  int run_again = 0;

  std::map<std::string, std::vector<StoredMessage>> sessions;
  std::vector<StoredGeneration> generations;
  std::vector<std::string> calls;  // the functions that were called, in order
  std::vector<json::Document> requests;
  std::vector<std::string> bodies;  // of all calls, as they came

  // The id of the session that is created as the `number`th. It also stands for the session's
  // newest reply, which is what regenerate and continue are about here.
  static std::string make_id(std::size_t number);

  StoredGeneration* find(const std::string& id);
  // Whether the call that began it was given up and withdrawn: by chance such a call is lost too.
  bool is_withdrawn(const StoredGeneration& generation) const {
    return withdrawn_calls_.count(generation.call_id) > 0;
  }

 private:
  std::int64_t now_ms() const { return world_.clock().now_ms() + clock_ahead_ms; }
  bool is_silent(const StoredGeneration& generation) const;
  void end_for_silence(StoredGeneration& generation);
  void close_if_silent(StoredGeneration& generation);
  void store_reply(StoredGeneration& generation);
  static void save_beyond(StoredGeneration& generation, std::uint64_t offset,
                          const std::string& sent);
  void reopen(StoredGeneration& generation);
  bool is_last(const StoredGeneration& generation) const;
  bool forget_run(StoredGeneration& generation, bool with_question);
  void run(const std::shared_ptr<sim::Exchange>& exchange, std::int64_t begun_ms);
  void handle(const std::shared_ptr<sim::Exchange>& exchange);
  struct Answer {
    std::uint32_t status = 200;
    std::string body;
  };
  Answer call(const std::string& function, const json::Document& request, std::int64_t begun_ms);
  Answer begin_turn(const json::Document& request, std::int64_t begun_ms);
  Answer withdraw_turn(const json::Document& request);
  Answer append_chunk(const json::Document& request);
  Answer finish_turn(const json::Document& request);
  Answer read_turn(const json::Document& request);

  sim::World& world_;
  std::int64_t stalled_until_ms_ = 0;
  std::set<std::string> withdrawn_calls_;
  std::size_t generations_made_ = 0;
  std::size_t sessions_made_ = 0;
};

}  // namespace fabula::tests

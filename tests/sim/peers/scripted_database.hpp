// The engine functions of supabase/schemas as a peer of the simulation: the same answers from
// tables in memory, with injected faults.
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
  std::string id = {};
};

struct StoredGeneration {
  std::string id;
  std::string session_id;
  std::int64_t epoch = 1;
  std::string user_message_id = "question-1";
  std::string message_id = "reply-1";
  std::string continued_id = {};  // the reply that it continues
  std::string status = "streaming";
  std::string error_code;
  std::string finish_reason;
  std::map<std::uint64_t, std::string> chunks;  // by offset
  std::uint64_t saved_bytes = 0;
  bool cancel_requested = false;
  std::int64_t heartbeat_ms = 0;
  std::size_t base_bytes = 0;  // bytes of the reply that it continues
  std::string idempotency_key;
  bool was_silent = false;                // it was silent too long, and others have closed it
  bool ended_by_silence = false;          // and its writer has not continued it
  bool has_question = false;              // a message of the user was stored with it
  bool answers_earlier_question = false;  // the question of a run that died without a word
  std::string call_id;
  // The place of its message among the session's, from 1; 0 without a message.
  std::size_t message = 0;
  int usages = 0;  // its rows of usage

  std::string text() const;
};

class ScriptedDatabase {
 public:
  explicit ScriptedDatabase(sim::World& world);

  // The fault that a call has instead of doing its work: called with the function's name.
  enum class Fault {
    none,
    refuse_connection,
    lose_answer,
    answer_503,
    answer_garbage,
    never_answer,
    answer_head_alone,
    answer_trickling,  // a byte each second, without end
    call_twice,        // as when a gateway repeats a request
  };
  std::function<Fault(const std::string& function)> fault = [](const auto&) { return Fault::none; };
  std::int64_t latency_ms = 3;
  // How far the database's clock is ahead of the functions'.
  std::int64_t clock_ahead_ms = 0;
  // Stops the process for this time: it answers nothing, and calls that arrive wait.
  void stall(std::int64_t duration_ms);
  // Ends silent replies, like the reaper.
  void reap();
  // The answers of functions that are not part of the turn, by name; those in `functions` are made
  // for each call.
  std::map<std::string, std::string> answers;
  struct Answer {
    std::uint32_t status = 200;
    std::string body;
  };
  std::map<std::string, std::function<Answer(const json::Document&)>> functions;
  // Called after each call that has run.
  std::function<void()> after_call = [] {};
  // The session that a caller's own name means, where sessions have names. Then messages have ids
  // too, and a reply that is continued is found by its own.
  std::function<std::string(const json::Document& request)> named_session;

  // Further members of begin_turn's answers, such as the settings that the session has chosen.
  json::Document further = json::Document::object();
  // The summary that begin_turn returns of the messages before the history; empty: none.
  std::string summary;
  // The text and the state of the dossier, for turns that ask for it; empty: they have none.
  std::string told;
  json::Document dossier;
  // The bot that turns get when they name one; empty: there are no bots.
  json::Document bot;
  // The project of all sessions; empty: they belong to none.
  std::string project_id = "project-1";

  // How often a slow writer continued, a turn was withdrawn, and a dead one was run again.
  int reopened = 0;
  int withdrawn = 0;
  int run_again = 0;

  // Messages that a continued reply has put aside, because they had come after it.
  std::vector<StoredMessage> put_aside;

  std::map<std::string, std::vector<StoredMessage>> sessions;
  std::vector<StoredGeneration> generations;
  std::vector<std::string> calls;  // the functions that were called, in order
  std::vector<json::Document> requests;
  std::vector<std::string> bodies;  // the bodies of all calls, in order

  // The id of the `number`th session. It also names the session's newest reply, which is the
  // message that regenerate and continue name here.
  static std::string make_id(std::size_t number);

  StoredGeneration* find(const std::string& id);
  std::int64_t now_ms() const { return world_.clock().now_ms() + clock_ahead_ms; }
  bool is_silent(const StoredGeneration& generation) const;
  static bool has_failed_silently(const StoredGeneration& generation);
  static std::string stream_id_of(const StoredGeneration& generation);
  static Answer refusal(std::string_view sqlstate, std::string_view code);
  // Whether the call that began it was given up and withdrawn; a withdrawal may get lost by chance.
  bool is_withdrawn(const StoredGeneration& generation) const {
    return withdrawn_calls_.count(generation.call_id) > 0;
  }
  // Whether no other turn has begun in its session after it.
  bool is_last(const StoredGeneration& generation) const;

 private:
  bool names_messages() const { return named_session != nullptr; }
  void end_for_silence(StoredGeneration& generation);
  void close_if_silent(StoredGeneration& generation);
  void store_reply(StoredGeneration& generation);
  static void save_beyond(StoredGeneration& generation, std::uint64_t offset,
                          const std::string& sent);
  void reopen(StoredGeneration& generation);
  bool forget_run(StoredGeneration& generation, bool with_question);
  void run(const std::shared_ptr<sim::Exchange>& exchange, std::int64_t begun_ms);
  void handle(const std::shared_ptr<sim::Exchange>& exchange);
  std::string session_of(const json::Document& request) const;
  void go_back_to(std::vector<StoredMessage>& messages, const std::string& message_id);
  Answer call(const std::string& function, const json::Document& request, std::int64_t begun_ms);
  Answer begin_turn(const json::Document& request, std::int64_t begun_ms);
  Answer admit_turn(const json::Document& request, std::int64_t begun_ms);
  Answer withdraw_turn(const json::Document& request);
  Answer append_chunk(const json::Document& request);
  Answer finish_turn(const json::Document& request);
  Answer read_turn(const json::Document& request);
  Answer request_cancel(const json::Document& request);

  sim::World& world_;
  std::int64_t stalled_until_ms_ = 0;
  std::set<std::string> withdrawn_calls_;
  std::size_t generations_made_ = 0;
  std::size_t sessions_made_ = 0;
};

}  // namespace fabula::tests

// The token path of a turn: asks the models of a route until one of them speaks, sends its answer
// to the client, runs the tools that it calls and asks again, and saves the text while it grows.
// All of this runs concurrently until the reply ends.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/llm/route/retry.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/log/request_log.hpp"
#include "shared/turn/save_schedule.hpp"
#include "shared/turn/seam.hpp"
#include "shared/turn/status.hpp"
#include "shared/usage/model_call.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/engine/reply_saver.hpp"
#include "wasm/engine/tool_rounds.hpp"
#include "wasm/engine/upstream.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {

struct RelayLimits {
  UpstreamLimits upstream;        // for each attempt
  std::int64_t whole_ms = 0;      // for the whole reply, including failed attempts
  std::int64_t beat_ms = 15'000;  // of silence before a beat is written
  // How long text may wait for more; 0: not at all. A tenth of a second still feels instantaneous
  // (Nielsen, Usability Engineering, 1993), and costs a third of the CPU (tests/bench).
  std::int64_t coalesce_ms = 0;
};

// The options of the request.
struct RelayWishes {
  bool keeps_on = false;         // the reply continues when the client has left
  bool tells_reasoning = false;  // the model's reasoning is sent too
  // Joins the text to the reply that it continues; nullptr: a new reply.
  turn::Seam* seam = nullptr;
};

// The problem of a reply that the database no longer accepts: its writer was considered dead, and
// the conversation has continued since.
Problem not_all_stored();

// How the relay ended; `problem` is the reason unless it was the provider's normal end.
struct RelayEnd {
  turn::Status status = turn::Status::failed;
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::optional<llm::Usage> usage;  // for all rounds
  std::optional<Problem> problem;
};

class Relay final : private llm::StreamSink {
 public:
  // All arguments must outlive it. `tools` is nullptr when the model may not call any.
  Relay(runtime::Context& context, RelayLimits limits, ModelRoute& route, Channel& channel,
        ReplySaver& saver, ToolRounds* tools, RelayWishes wishes);

  // Asks the first model. Call it once, before `run`: the caller's work in between runs
  // concurrently.
  void begin();

  // Relays the reply; all its connections are closed when it returns. Call it once.
  runtime::Task<RelayEnd> run();

  // The index in the route of the model that answered or was asked last.
  std::size_t model() const { return plan_.model(); }
  // The requests that were made, in order, each with how it ended.
  const std::vector<usage::ModelCall>& attempts() const { return attempts_; }
  // Attempts that failed, for the log.
  std::vector<log::ProviderFailure> take_failures() { return std::move(failures_); }
  std::optional<std::int64_t> first_token_ms() const { return first_token_ms_; }

 private:
  void on_text(std::string_view text) override;
  // Sends and saves text of the model; the first text shows that the model answers.
  void say(std::string_view text);
  void add_text(std::string_view text);
  void on_reasoning(std::string_view text) override;
  void on_tool_call(const llm::ToolCallPart& part) override;
  std::optional<RelayEnd> look(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_model(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_tools(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_client();
  std::optional<llm::StreamSummary> ask(std::int64_t now_ms);
  std::optional<RelayEnd> after_failure(Problem problem, std::int64_t now_ms);
  std::optional<RelayEnd> after_empty_answer(Problem problem, std::int64_t now_ms);
  std::optional<RelayEnd> ask_next(Problem problem, std::optional<std::int64_t> wait_ms,
                                   std::int64_t now_ms);
  void close_attempt(const llm::StreamSummary& summary);
  void note_failure(const Problem& problem);
  void note_first_sign();
  void arm(std::int64_t now_ms);
  std::array<runtime::Waitable*, 8> waiting_for();

  runtime::Context& context_;
  RelayLimits limits_;
  ModelRoute& route_;
  Channel& channel_;
  ReplySaver& saver_;
  ToolRounds* tools_;
  RelayWishes wishes_;
  std::int64_t started_ms_;
  std::int64_t until_ms_;
  std::int64_t now_ms_;

  llm::RetryPlan plan_;
  std::vector<usage::ModelCall> attempts_;  // includes the current one
  std::int64_t attempt_due_ms_;             // for the next attempt, while none is running
  std::optional<Problem> told_failure_;     // the most hopeful so far
  std::vector<log::ProviderFailure> failures_;
  std::optional<std::int64_t> first_token_ms_;
  int round_ = 1;                    // of the model and its tools, from 1
  bool has_spoken_ = false;          // the model has written text in this round
  bool has_reasoned_ = false;        // the model has sent reasoning in this attempt
  std::optional<llm::Usage> usage_;  // of earlier rounds
  std::optional<RelayEnd> end_;

  runtime::SignalWait left_;
  runtime::SignalWait ending_;
  std::optional<Upstream> upstream_;
  std::optional<runtime::Timer> timer_;
  std::int64_t timer_due_ms_ = 0;
};

}  // namespace fabula::engine

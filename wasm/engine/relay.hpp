// The token path of a turn: asks the models of a route until one of them speaks, tells its answer
// to the client, runs the tools that it asks for and asks again, and saves the text while it grows,
// all at once, until one of them ends it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/llm/route/retry.hpp"
#include "shared/llm/stream/stream.hpp"
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
  UpstreamLimits upstream;        // of each attempt
  std::int64_t whole_ms = 0;      // for the whole reply, attempts that fail included
  std::int64_t beat_ms = 15'000;  // of silence, before something is written
  // How long text may wait for more; 0: not at all. A tenth of a second is seen as at once
  // (Nielsen, Usability Engineering, 1993), and costs a third of the CPU (tests/bench).
  std::int64_t coalesce_ms = 0;
};

// What the reply's reader has asked for.
struct RelayWishes {
  bool keeps_on = false;         // the reply goes on when the client has left
  bool tells_reasoning = false;  // what the model thinks aloud
};

// Why a reply ends of which the database takes no more: it was taken for dead there, and something
// has come after it.
Problem not_all_stored();

// How the relay ended, and why when it was not the provider's own end.
struct RelayEnd {
  turn::Status status = turn::Status::failed;
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::optional<llm::Usage> usage;  // of all rounds
  std::optional<Problem> problem;
};

class Relay final : private llm::StreamSink {
 public:
  // All must outlive it. `tools`: nullptr when the model may call none.
  Relay(runtime::Context& context, RelayLimits limits, ModelRoute& route, Channel& channel,
        ReplySaver& saver, ToolRounds* tools, RelayWishes wishes);

  // Asks the first model. Call once, before `run`: what the caller does between goes on meanwhile.
  void begin();

  // Relays the reply, and has closed every connection of its own when it returns. Call once.
  runtime::Task<RelayEnd> run();

  // Who answered, or was asked last: its place in the route.
  std::size_t model() const { return plan_.model(); }
  // The requests that were made, in their order, each with how it ended.
  const std::vector<usage::ModelCall>& attempts() const { return attempts_; }
  std::optional<std::int64_t> first_token_ms() const { return first_token_ms_; }

 private:
  void on_text(std::string_view text) override;
  void on_reasoning(std::string_view text) override;
  void on_tool_call(const llm::ToolCallPart& part) override;
  std::optional<RelayEnd> look(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_model(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_tools(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_client();
  std::optional<llm::StreamSummary> ask(std::int64_t now_ms);
  std::optional<RelayEnd> after_failure(Problem problem, std::int64_t now_ms);
  void close_attempt(const llm::StreamSummary& summary);
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
  std::vector<usage::ModelCall> attempts_;  // the one that is under way too
  std::int64_t attempt_due_ms_;             // of the next one, while none is under way
  std::optional<Problem> last_failure_;
  std::optional<std::int64_t> first_token_ms_;
  int round_ = 1;                    // of the model with its tools
  bool has_spoken_ = false;          // the model, in this round
  std::optional<llm::Usage> usage_;  // of earlier rounds
  std::optional<RelayEnd> end_;

  runtime::SignalWait left_;
  runtime::SignalWait ending_;
  std::optional<Upstream> upstream_;
  std::optional<runtime::Timer> timer_;
  std::int64_t timer_due_ms_ = 0;
};

}  // namespace fabula::engine

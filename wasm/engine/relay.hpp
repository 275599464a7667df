// The token path of a turn: asks the models of a route until one of them speaks, frames its answer
// for the client, and saves the text while it grows, all at once, until one of them ends it.
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
#include "wasm/engine/client_writer.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/engine/reply_saver.hpp"
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

// How the relay ended, and why when it was not the provider's own end.
struct RelayEnd {
  turn::Status status = turn::Status::failed;
  llm::FinishReason finish_reason = llm::FinishReason::none;
  std::optional<llm::Usage> usage;
  std::optional<Problem> problem;
};

class Relay final : private llm::StreamSink {
 public:
  // `keeps_on`: the reply goes on when the client has left.
  Relay(runtime::Context& context, RelayLimits limits, ModelRoute& route, ClientWriter& writer,
        ReplySaver& saver, bool keeps_on);

  // Asks the first model. Call once, before `run`: what the caller does between goes on meanwhile.
  void begin();

  // Relays the reply, and has closed every connection of its own when it returns. Call once.
  runtime::Task<RelayEnd> run();

  // Who answered, or was asked last: its place in the route.
  std::size_t model() const { return plan_.model(); }
  // The requests that were made, each with how it ended.
  const std::vector<usage::ModelCall>& calls() const { return calls_; }
  std::optional<std::int64_t> first_token_ms() const { return first_token_ms_; }

 private:
  void on_text(std::string_view text) override;
  std::optional<RelayEnd> look(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_model(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_client();
  std::optional<llm::StreamSummary> ask(std::int64_t now_ms);
  std::optional<RelayEnd> after_failure(Problem problem, std::int64_t now_ms);
  void note_end_of_call(turn::Status status, std::optional<ErrorCode> error,
                        std::optional<llm::Usage> usage);
  void arm(std::int64_t now_ms);
  std::array<runtime::Waitable*, 7> waiting_for();

  runtime::Context& context_;
  RelayLimits limits_;
  ModelRoute& route_;
  ClientWriter& writer_;
  ReplySaver& saver_;
  bool keeps_on_;
  std::int64_t started_ms_;
  std::int64_t until_ms_;
  std::int64_t now_ms_;

  llm::RetryPlan plan_;
  std::vector<usage::ModelCall> calls_;  // the last one while it runs too
  std::int64_t attempt_due_ms_;          // of the next one, while none is under way
  std::optional<Problem> last_failure_;
  std::optional<std::int64_t> first_token_ms_;
  std::optional<RelayEnd> end_;

  runtime::SignalWait left_;
  runtime::SignalWait ending_;
  std::optional<Upstream> upstream_;
  std::optional<runtime::Timer> timer_;
  std::int64_t timer_due_ms_ = 0;
};

}  // namespace fabula::engine

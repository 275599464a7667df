// The token path of a turn: reads the model's stream, frames it for the client, and saves the text
// while it grows, all at once, until one of them ends it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/llm/openai_stream.hpp"
#include "shared/llm/stream.hpp"
#include "shared/turn/reply_text.hpp"
#include "shared/turn/rows.hpp"
#include "shared/turn/save_schedule.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/turn_framing.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {

struct RelayLimits {
  std::int64_t first_token_ms = 60'000;  // until the first text
  std::int64_t idle_ms = 60'000;         // between two pieces of the answer
  std::int64_t whole_ms = 120'000;       // for the whole reply
  std::int64_t beat_ms = 15'000;         // of silence, before something is written
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
  // `base_bytes`: of the reply that are there already.
  Relay(runtime::Context& context, DatabaseSettings database, RelayLimits limits,
        std::string generation_id, std::uint64_t base_bytes, TurnFraming& framing);

  // Sends the request to the model and relays its answer. Closes the model's connection before it
  // returns, whatever ended the reply. Call once.
  runtime::Task<RelayEnd> run(std::string_view head, std::string body);

  // The reply, of which the unsaved part is still to be stored.
  const turn::ReplyText& reply() const { return reply_; }
  std::optional<std::int64_t> first_token_ms() const { return first_token_ms_; }

  // Frames that the client has not been sent; more may be appended once run() has returned.
  std::string& unsent() { return unsent_; }
  // Writes them out; false when the client has left.
  runtime::Task<bool> flush();

 private:
  enum class Phase { connecting, answering };

  void on_text(std::string_view text) override;
  void arm(std::int64_t now_ms);
  std::array<runtime::Waitable*, 7> waiting_for();
  std::optional<RelayEnd> look(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_client();
  std::optional<RelayEnd> look_at_answer(std::int64_t now_ms);
  std::optional<RelayEnd> look_at_save();
  std::optional<RelayEnd> look_at_clock(std::int64_t now_ms);
  std::int64_t deadline_ms() const;
  std::int64_t beat_due_ms() const;
  RelayEnd end_of_answer();
  runtime::Task<RelayEnd> end_of_refusal();
  runtime::Task<Result<turn::Appended>> save();

  runtime::Context& context_;
  DatabaseSettings database_;
  RelayLimits limits_;
  std::string generation_id_;
  TurnFraming& framing_;
  std::int64_t started_ms_;
  std::int64_t last_piece_ms_;
  std::int64_t last_write_ms_;
  std::int64_t longest_silence_ms_;

  turn::ReplyText reply_;
  turn::SaveSchedule schedule_;
  llm::OpenAiStream decoder_;
  std::optional<std::int64_t> first_token_ms_;
  std::string unsent_;
  bool is_refused_ = false;

  // Operations come last: they end before what they use.
  std::array<char, 8192> buffer_{};
  runtime::SignalWait left_;
  runtime::SignalWait ending_;
  std::optional<runtime::HttpRequest> request_;
  std::optional<runtime::HttpAnswer> answer_;
  std::optional<runtime::BodyRead> read_;
  std::optional<runtime::ResponseWrite> write_;
  std::optional<runtime::Spawned<Result<turn::Appended>>> save_;
  std::optional<runtime::Timer> timer_;
  std::int64_t timer_due_ms_ = 0;
};

}  // namespace fabula::engine

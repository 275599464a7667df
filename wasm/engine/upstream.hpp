// One attempt to get an answer from a model: the request, the answer's head, the stream, and the
// deadlines of each. The relay decides what follows its end.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "shared/llm/route/route.hpp"
#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/stream.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

struct UpstreamLimits {
  std::int64_t first_token_ms = 0;  // until the first token; a reasoning token counts
  std::int64_t idle_ms = 0;         // between two pieces of the answer
};

// The problem of a reply that has used up its time.
Problem time_is_over();

class Upstream final : private llm::StreamSink {
 public:
  // Sends the request to the endpoint's model, whose answer must end by `until_ms`. The reply's
  // text goes to `sink`. The destructor closes the connection at any point.
  Upstream(runtime::Context& context, std::string_view head, std::string_view body,
           const llm::Endpoint& endpoint, UpstreamLimits limits, std::int64_t now_ms,
           std::int64_t until_ms, llm::StreamSink& sink);

  // Begins to read the answer's next piece, unless a read is running. Not called while the client
  // is slow: then the silence is not the model's.
  void read_on(std::int64_t now_ms);

  std::array<runtime::Waitable*, 2> waiting_for();
  // When look() must be called even if nothing has arrived.
  std::int64_t deadline_ms() const;

  // Takes the data that has arrived. Returns how the attempt ended, once, when it has.
  std::optional<llm::StreamSummary> look(std::int64_t now_ms);
  // Ends the attempt early and returns its state so far. It may only be destroyed afterwards.
  llm::StreamSummary give_up() { return decoder_->finish(); }

  // How long the first token took; a reasoning token counts. Nothing before it has arrived.
  std::optional<std::int64_t> first_token_ms() const { return first_token_ms_; }

 private:
  void on_text(std::string_view text) override;
  void on_reasoning(std::string_view text) override;
  void on_tool_call(const llm::ToolCallPart& part) override;
  std::optional<llm::StreamSummary> look_at_piece();
  llm::StreamSummary refusal();
  void note_token();
  llm::StreamSummary expiry(std::int64_t now_ms);

  runtime::Context& context_;
  UpstreamLimits limits_;
  std::int64_t started_ms_;
  std::int64_t until_ms_;
  std::int64_t last_sign_ms_;
  llm::StreamSink& sink_;
  std::unique_ptr<llm::StreamDecoder> decoder_;
  bool is_refused_ = false;  // it answers, but not with a stream: the body has the reason
  bool has_spoken_ = false;
  std::int64_t now_ms_;  // of the last look
  std::optional<std::int64_t> first_token_ms_;
  // When a stream that has sent its finish reason is considered ended.
  std::optional<std::int64_t> finish_due_ms_;
  std::size_t used_bytes_ = 0;  // of the buffer, filled with the beginning of a refusal

  // Operations are last: they must be destroyed before the objects that they use.
  std::array<char, 8192> buffer_;
  std::optional<runtime::HttpRequest> request_;
  std::optional<runtime::HttpAnswer> answer_;
  std::optional<runtime::BodyRead> read_;
};

}  // namespace fabula::engine

// One attempt to have a model answer: its request, its answer's head, its stream, and how long each
// may take. What follows from its end is the relay's business.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/stream.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/http_client.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

struct UpstreamLimits {
  std::int64_t first_token_ms = 0;  // until the first token; one of its thinking counts
  std::int64_t idle_ms = 0;         // between two pieces of the answer
};

// The reply has had all the time that it may have.
Problem time_is_over();

class Upstream final : private llm::StreamSink {
 public:
  // Sends the request, whose answer is of this format and must end by `until_ms`. The reply's text
  // goes to `sink`. Destroying it closes the connection, wherever the model is.
  Upstream(runtime::Context& context, std::string_view head, std::string_view body,
           llm::WireFormat format, UpstreamLimits limits, std::int64_t now_ms,
           std::int64_t until_ms, llm::StreamSink& sink);

  // Reads the answer's next piece, if none is being read. Left undone while the client is the slow
  // one: then the model is not to blame for the silence.
  void read_on(std::int64_t now_ms);

  std::array<runtime::Waitable*, 2> waiting_for();
  // When look() must be called although nothing has come.
  std::int64_t deadline_ms() const;

  // Takes what has come. How the attempt ended, once it has; only then, and once.
  std::optional<llm::StreamSummary> look(std::int64_t now_ms);
  // What is known of an attempt that is ended before its time; then nothing but destroying it.
  llm::StreamSummary give_up() { return decoder_->finish(); }

  // How long the first token took; one of its thinking counts. Nothing before it.
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
  bool is_refused_ = false;  // it answers, but not with a stream: what it says is why
  bool has_spoken_ = false;
  std::int64_t now_ms_;  // when it was looked at last
  std::optional<std::int64_t> first_token_ms_;
  std::size_t used_bytes_ = 0;  // of the buffer, by a refusal's first bytes

  // Operations come last: they end before what they use.
  std::array<char, 8192> buffer_;
  std::optional<runtime::HttpRequest> request_;
  std::optional<runtime::HttpAnswer> answer_;
  std::optional<runtime::BodyRead> read_;
};

}  // namespace fabula::engine

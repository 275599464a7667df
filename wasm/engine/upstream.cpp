#include "wasm/engine/upstream.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "shared/llm/route/model_abilities.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/engine/provider_failures.hpp"

namespace fabula::engine {
namespace {

using llm::StreamSummary;

// Enough of a refusal's body to classify it.
constexpr std::size_t kRefusalBytes = 4096;

StreamSummary failed(Problem problem) {
  StreamSummary summary;
  summary.problem = std::move(problem);
  return summary;
}

runtime::Waitable* pointer(auto& optional) { return optional ? &*optional : nullptr; }

}  // namespace

Problem time_is_over() {
  return {ErrorCode::time_limit,
          "The reply took longer than allowed; what was written is kept. Ask for the rest in a new "
          "message.",
          {}};
}

Upstream::Upstream(runtime::Context& context, std::string_view head, std::string_view body,
                   const llm::Endpoint& endpoint, UpstreamLimits limits, std::int64_t now_ms,
                   std::int64_t until_ms, llm::StreamSink& sink)
    : context_(context),
      limits_(limits),
      started_ms_(now_ms),
      until_ms_(until_ms),
      last_sign_ms_(now_ms),
      sink_(sink),
      decoder_(llm::make_decoder(
          endpoint.provider->format,
          llm::thought_form(*endpoint.provider, endpoint.model, endpoint.is_own_server))),
      now_ms_(now_ms) {
  request_.emplace(context, head, body);
}

void Upstream::read_on(std::int64_t now_ms) {
  if (!answer_ || read_) return;
  if (!is_refused_) last_sign_ms_ = now_ms;
  const auto room = std::span(buffer_).subspan(used_bytes_);
  read_.emplace(context_, answer_->stream(), room);
}

std::array<runtime::Waitable*, 2> Upstream::waiting_for() {
  return {pointer(request_), pointer(read_)};
}

std::int64_t Upstream::deadline_ms() const {
  if (is_refused_) return std::min(until_ms_, last_sign_ms_ + deadlines::kRefusalMs);
  if (finish_due_ms_) return std::min(until_ms_, *finish_due_ms_);
  if (answer_ && !read_) return until_ms_;
  return std::min(until_ms_, has_spoken_ ? last_sign_ms_ + limits_.idle_ms
                                         : started_ms_ + limits_.first_token_ms);
}

std::optional<StreamSummary> Upstream::look(std::int64_t now_ms) {
  now_ms_ = now_ms;
  if (request_ && request_->is_ready()) {
    if (!request_->outcome().is_ok()) {
      return failed(Problem(ErrorCode::provider_error,
                            "The model's provider cannot be reached. Try again in a moment.",
                            "no connection to the provider"));
    }
    answer_.emplace(request_->take_answer());
    request_.reset();
    is_refused_ = answer_->status() != 200;
    last_sign_ms_ = now_ms;
  }
  if (read_ && read_->is_ready()) {
    if (!is_refused_) last_sign_ms_ = now_ms;
    if (auto end = look_at_piece()) return end;
  }
  if (now_ms < deadline_ms()) return std::nullopt;
  return expiry(now_ms);
}

std::optional<StreamSummary> Upstream::look_at_piece() {
  const auto outcome = read_->outcome();
  read_.reset();
  const bool is_over = !outcome.is_ok() || outcome.value == 0;
  if (is_refused_) {
    used_bytes_ += is_over ? 0 : outcome.value;
    if (is_over || used_bytes_ >= kRefusalBytes) return refusal();
    return std::nullopt;
  }
  if (is_over) return decoder_->finish();
  decoder_->feed({buffer_.data(), outcome.value}, *this);
  if (decoder_->is_holding()) note_token();
  // Counted from here, so that a provider that sends comments for ever also ends.
  if (decoder_->has_finish_reason() && !finish_due_ms_) {
    finish_due_ms_ = now_ms_ + deadlines::kAfterFinishMs;
  }
  if (decoder_->ended() || decoder_->failed()) return decoder_->finish();
  return std::nullopt;
}

StreamSummary Upstream::refusal() {
  return failed(failure_of_answer(answer_->status(), answer_->head(), {buffer_.data(), used_bytes_},
                                  now_ms_));
}

StreamSummary Upstream::expiry(std::int64_t now_ms) {
  if (is_refused_) return refusal();
  if (decoder_->has_finish_reason()) return decoder_->finish();
  // The usage that the provider has reported so far counts.
  auto summary = decoder_->finish();
  summary.complete = false;
  if (now_ms >= until_ms_) {
    summary.problem = time_is_over();
  } else {
    summary.problem =
        Problem(ErrorCode::provider_timeout, "The model stopped answering. Try again in a moment.",
                has_spoken_ ? "idle too long" : "no first token");
  }
  return summary;
}

void Upstream::note_token() {
  has_spoken_ = true;
  if (!first_token_ms_) first_token_ms_ = now_ms_ - started_ms_;
}

void Upstream::on_text(std::string_view text) {
  note_token();
  sink_.on_text(text);
}

void Upstream::on_reasoning(std::string_view text) {
  note_token();
  sink_.on_reasoning(text);
}

void Upstream::on_tool_call(const llm::ToolCallPart& part) {
  note_token();
  sink_.on_tool_call(part);
}

}  // namespace fabula::engine

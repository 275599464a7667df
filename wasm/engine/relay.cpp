#include "wasm/engine/relay.hpp"

#include <algorithm>
#include <utility>

#include "shared/http/head.hpp"
#include "shared/llm/failure.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;
using turn::Status;

// A client that reads slower than the model writes: beyond this the model is not read on.
constexpr std::size_t kMaximumUnsentBytes = std::size_t{64} * 1024;
// Hosts that notice the client's leaving only when something is written (design section 2).
constexpr std::int64_t kProbeSilenceMs = 1000;
// A provider that has said the reason of its end but neither ends the stream nor says more.
constexpr std::int64_t kAfterFinishMs = 3000;
// Far beyond any model's longest output; the database takes no more than 4 MiB.
constexpr std::uint64_t kMaximumReplyBytes = std::uint64_t{1} << 20;
constexpr std::size_t kRefusalPrefixBytes = 4096;
constexpr std::uint32_t kRefusalReadMs = 2000;

RelayEnd failed(ErrorCode code, std::string_view detail, std::string_view cause = {}) {
  RelayEnd end;
  end.problem = Problem(code, detail, cause);
  return end;
}

RelayEnd ended(Status status) {
  RelayEnd end;
  end.status = status;
  return end;
}

runtime::Waitable* pointer(auto& optional) { return optional ? &*optional : nullptr; }

Task<std::string> read_prefix(Context& context, std::uint32_t stream) {
  std::string text(kRefusalPrefixBytes, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const auto outcome = co_await runtime::BodyRead(context, stream, std::span(text).subspan(used));
    if (!outcome.is_ok() || outcome.value == 0) break;
    used += outcome.value;
  }
  text.resize(used);
  co_return text;
}

Task<void> wait(Context& context, std::uint32_t duration_ms) {
  co_await runtime::Timer(context, duration_ms);
}

}  // namespace

Relay::Relay(Context& context, DatabaseSettings database, RelayLimits limits,
             std::string generation_id, std::uint64_t base_bytes, TurnFraming& framing)
    : context_(context),
      database_(std::move(database)),
      limits_(limits),
      generation_id_(std::move(generation_id)),
      framing_(framing),
      started_ms_(runtime::now_ms(context)),
      last_piece_ms_(started_ms_),
      last_write_ms_(started_ms_),
      longest_silence_ms_(runtime::notices_leaving_only_on_write(context) ? kProbeSilenceMs
                                                                          : limits.beat_ms),
      reply_(base_bytes),
      schedule_(started_ms_),
      left_(context.client_left()),
      ending_(context.isolate_ending()) {}

Task<RelayEnd> Relay::run(std::string_view head, std::string body) {
  request_.emplace(context_, head, body);
  body = std::string();  // the host has its copy
  std::optional<RelayEnd> end;
  while (!end) {
    arm(runtime::now_ms(context_));
    co_await runtime::first_of(waiting_for());
    end = look(runtime::now_ms(context_));
  }
  if (is_refused_) end = co_await end_of_refusal();
  read_.reset();
  answer_.reset();
  request_.reset();
  save_.reset();
  timer_.reset();
  co_return std::move(*end);
}

std::array<runtime::Waitable*, 7> Relay::waiting_for() {
  return {&left_,          &ending_,       pointer(request_), pointer(read_),
          pointer(write_), pointer(save_), pointer(timer_)};
}

// Starts whatever should be under way now.
void Relay::arm(std::int64_t now_ms) {
  if (answer_ && !read_ && unsent_.size() < kMaximumUnsentBytes) {
    read_.emplace(context_, answer_->stream(), buffer_);
  }
  if (!write_ && !unsent_.empty()) {
    write_.emplace(context_, unsent_);
    unsent_.clear();
    last_write_ms_ = now_ms;
  }
  // One timer for all moments: it is made anew only when something is due earlier than it.
  auto due_ms = std::min(deadline_ms(), beat_due_ms());
  if (!save_) due_ms = std::min(due_ms, schedule_.due_ms());
  if (timer_ && timer_due_ms_ <= due_ms) return;
  timer_due_ms_ = std::max(due_ms, now_ms);
  timer_.emplace(context_, static_cast<std::uint32_t>(timer_due_ms_ - now_ms));
}

std::optional<RelayEnd> Relay::look(std::int64_t now_ms) {
  if (auto end = look_at_answer(now_ms)) return end;
  if (auto end = look_at_client()) return end;
  if (auto end = look_at_save()) return end;
  return look_at_clock(now_ms);
}

std::optional<RelayEnd> Relay::look_at_client() {
  if (left_.is_ready()) return ended(Status::disconnected);
  if (ending_.is_ready()) {
    auto end = failed(ErrorCode::interrupted,
                      "The server had to stop here; what was written is kept. Send the message "
                      "again or continue the reply.");
    end.status = Status::interrupted;
    return end;
  }
  if (write_ && write_->is_ready()) {
    const bool is_gone = !write_->outcome().is_ok();
    write_.reset();
    if (is_gone) return ended(Status::disconnected);
  }
  return std::nullopt;
}

std::optional<RelayEnd> Relay::look_at_answer(std::int64_t now_ms) {
  if (request_ && request_->is_ready()) {
    if (!request_->outcome().is_ok()) {
      return failed(ErrorCode::provider_error,
                    "The model's provider cannot be reached. Try again in a moment.",
                    "no connection to the provider");
    }
    answer_.emplace(request_->take_answer());
    request_.reset();
    last_piece_ms_ = now_ms;
    if (answer_->status() != 200) {
      is_refused_ = true;
      return RelayEnd();
    }
  }
  if (!read_ || !read_->is_ready()) return std::nullopt;
  const auto outcome = read_->outcome();
  read_.reset();
  if (!outcome.is_ok() || outcome.value == 0) return end_of_answer();
  last_piece_ms_ = now_ms;
  decoder_.feed({buffer_.data(), outcome.value}, *this);
  if (decoder_.ended() || decoder_.failed()) return end_of_answer();
  if (reply_.size_bytes() > kMaximumReplyBytes) {
    return failed(
        ErrorCode::provider_error,
        "The model wrote more than a reply may hold; what was written is kept. Ask for the "
        "rest in a new message.",
        "reply too long");
  }
  return std::nullopt;
}

void Relay::on_text(std::string_view text) {
  if (!first_token_ms_) first_token_ms_ = last_piece_ms_ - started_ms_;
  const auto tell = [this](std::string_view part) {
    reply_.append(part);
    framing_.text(unsent_, part);
  };
  // Postgres stores no U+0000; the client is told the same as is stored.
  for (auto nul = text.find('\0'); nul != std::string_view::npos; nul = text.find('\0')) {
    tell(std::string(text.substr(0, nul)) + "\uFFFD");
    text.remove_prefix(nul + 1);
  }
  if (!text.empty()) tell(text);
}

RelayEnd Relay::end_of_answer() {
  auto summary = decoder_.finish();
  RelayEnd end;
  end.status = summary.complete ? Status::complete : Status::failed;
  end.finish_reason = summary.finish_reason;
  end.usage = summary.usage;
  end.problem = std::move(summary.problem);
  return end;
}

// The provider answered, but not with a stream: its status says what is wrong.
Task<RelayEnd> Relay::end_of_refusal() {
  auto first = co_await runtime::when_any(read_prefix(context_, answer_->stream()),
                                          wait(context_, kRefusalReadMs));
  const auto* body = std::get_if<0>(&first);
  const auto head = http::parse_response_head(answer_->head());
  RelayEnd end;
  end.problem = llm::classify_http_failure(
      static_cast<int>(answer_->status()), body ? *body : std::string(),
      head ? head->headers.find("retry-after").value_or("") : std::string_view());
  co_return end;
}

std::optional<RelayEnd> Relay::look_at_save() {
  if (!save_ || !save_->is_ready()) return std::nullopt;
  const auto saved = save_->take();
  save_.reset();
  // A save that failed is not the end: the text is still here and goes with the next.
  if (!saved) return std::nullopt;
  reply_.mark_saved(saved->saved_bytes);
  if (saved->cancel_requested || !saved->is_streaming) return ended(Status::stopped);
  return std::nullopt;
}

std::optional<RelayEnd> Relay::look_at_clock(std::int64_t now_ms) {
  if (timer_ && timer_->is_ready()) timer_.reset();
  if (now_ms >= deadline_ms()) {
    if (decoder_.has_finish_reason()) return end_of_answer();
    if (now_ms - started_ms_ >= limits_.whole_ms) {
      return failed(ErrorCode::time_limit,
                    "The reply took longer than allowed; what was written is kept. Ask for the "
                    "rest in a new message.");
    }
    return failed(ErrorCode::provider_timeout,
                  "The model stopped answering. Try again in a moment.",
                  first_token_ms_ ? "idle too long" : "no first token");
  }
  if (!save_ && schedule_.is_due(now_ms, !reply_.unsaved().empty())) {
    schedule_.saved(now_ms);
    save_.emplace(save());
  }
  if (now_ms >= beat_due_ms()) framing_.beat(unsent_);
  return std::nullopt;
}

std::int64_t Relay::deadline_ms() const {
  const auto whole_ms = started_ms_ + limits_.whole_ms;
  if (decoder_.has_finish_reason()) return std::min(whole_ms, last_piece_ms_ + kAfterFinishMs);
  // While the client is the slow one, the model is not to blame for the silence.
  if (answer_ && !read_) return whole_ms;
  return std::min(whole_ms, first_token_ms_ ? last_piece_ms_ + limits_.idle_ms
                                            : started_ms_ + limits_.first_token_ms);
}

std::int64_t Relay::beat_due_ms() const {
  // A write that waits is a sign of life of its own, and fails when the client leaves.
  return write_ ? last_write_ms_ + limits_.whole_ms : last_write_ms_ + longest_silence_ms_;
}

Task<Result<turn::Appended>> Relay::save() {
  const auto request =
      turn::append_chunk_request(generation_id_, reply_.saved_bytes(), reply_.unsaved());
  const std::string answer = co_await call_function(context_, database_, "append_chunk", request);
  co_return turn::parse_appended(answer);
}

Task<bool> Relay::flush() {
  bool is_there = true;
  if (write_) {
    is_there = (co_await *write_).is_ok();
    write_.reset();
  }
  if (is_there && !unsent_.empty()) {
    const auto outcome = co_await runtime::ResponseWrite(context_, unsent_);
    unsent_.clear();
    is_there = outcome.is_ok();
  }
  co_return is_there;
}

}  // namespace fabula::engine

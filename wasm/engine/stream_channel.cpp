#include "wasm/engine/stream_channel.hpp"

#include <limits>
#include <utility>

#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

constexpr std::size_t kMaximumUnsentBytes = std::size_t{32} * 1024;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

StreamChannel::StreamChannel(Call& call, std::string_view media_type, turn::Framing& framing,
                             std::int64_t coalesce_ms, std::int64_t silence_ms, std::int64_t now_ms)
    : call_(call),
      media_type_(media_type),
      framing_(framing),
      coalesce_ms_(coalesce_ms),
      silence_ms_(silence_ms),
      last_write_ms_(now_ms),
      last_text_ms_(now_ms - coalesce_ms) {}

Result<void> StreamChannel::begin(http::Headers&& headers) {
  http::ResponseHead head;
  head.headers.add("content-type", std::string(media_type_));
  head.headers.add("cache-control", "no-cache, no-transform");
  head.headers.add("x-accel-buffering", "no");  // makes proxies pass each write on at once
  for (const auto& header : headers) head.headers.add(header.name, header.value);
  if (auto started = call_.start(std::move(head)); !started) return started;
  std::string at_trap;
  const Problem trapped(ErrorCode::internal_error,
                        "Something went wrong on our side; what was written is kept. Try again.",
                        {});
  framing_.failed(at_trap, {trapped});
  runtime::set_response_on_trap(call_.context(), at_trap);
  return {};
}

void StreamChannel::text(std::string_view text, std::int64_t now_ms) { add(false, text, now_ms); }

void StreamChannel::reasoning(std::string_view text, std::int64_t now_ms) {
  add(true, text, now_ms);
}

void StreamChannel::add(bool is_reasoning, std::string_view text, std::int64_t now_ms) {
  if (is_given_up()) return;
  if (now_ms != last_text_ms_) is_close_ = now_ms - last_text_ms_ < coalesce_ms_ / 2;
  last_text_ms_ = now_ms;
  if (is_reasoning != is_reasoning_) unsent();
  is_reasoning_ = is_reasoning;
  text_.append(text);
}

std::string& StreamChannel::unsent() {
  if (!text_.empty()) {
    if (is_reasoning_) {
      framing_.reasoning(frames_, text_);
    } else {
      framing_.text(frames_, text_);
    }
    text_.clear();
  }
  return frames_;
}

bool StreamChannel::is_full() const { return text_.size() + frames_.size() >= kMaximumUnsentBytes; }

void StreamChannel::arm(std::int64_t now_ms) {
  if (is_given_up()) return;
  const auto silent_ms = now_ms - last_write_ms_;
  const bool has_frame_passed = silent_ms >= coalesce_ms_;
  if (has_frame_passed && (write_ || text_.empty())) is_dense_ = false;
  // A pending write is a sign of life, and fails when the client leaves.
  if (write_) return;
  if (text_.empty() && frames_.empty()) {
    if (silent_ms < silence_ms_) return;
    framing_.beat(frames_);
  } else if (frames_.empty() && is_close_ && !has_frame_passed) {
    is_dense_ = true;
    return;
  }
  begin_write(now_ms);
}

// In a dense stream the next timer starts when the last one has fired: one timer per write, however
// often texts arrive.
std::int64_t StreamChannel::due_ms() const {
  if (is_given_up()) return kNever;
  if (is_dense_) return last_write_ms_ + coalesce_ms_;
  if (write_) return kNever;
  return last_write_ms_ + (text_.empty() ? silence_ms_ : coalesce_ms_);
}

void StreamChannel::begin_write(std::int64_t now_ms) {
  write_.emplace(call_.context(), unsent());
  frames_.clear();
  last_write_ms_ = now_ms;
}

void StreamChannel::look() {
  if (!write_ || !write_->is_ready()) return;
  const bool is_gone = !write_->outcome().is_ok();
  write_.reset();
  if (is_gone) give_up();
}

void StreamChannel::give_up() {
  Channel::give_up();
  text_ = std::string();
  frames_ = std::string();
}

runtime::Task<void> StreamChannel::flush() {
  for (;;) {
    // Unlike WaitFor, this forgets its waiter when it is destroyed.
    if (write_) co_await runtime::first_of(*write_);
    look();
    if (is_given_up() || unsent().empty()) co_return;
    begin_write(runtime::now_ms(call_.context()));
  }
}

runtime::Task<void> StreamChannel::end() {
  runtime::end_response(call_.context());
  co_return;
}

}  // namespace fabula::engine

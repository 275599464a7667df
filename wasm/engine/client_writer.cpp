#include "wasm/engine/client_writer.hpp"

#include <limits>

#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

constexpr std::size_t kMaximumUnsentBytes = std::size_t{32} * 1024;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace

ClientWriter::ClientWriter(runtime::Context& context, TurnFraming& framing,
                           std::int64_t coalesce_ms, std::int64_t silence_ms, std::int64_t now_ms)
    : context_(context),
      framing_(framing),
      coalesce_ms_(coalesce_ms),
      silence_ms_(silence_ms),
      last_write_ms_(now_ms),
      last_text_ms_(now_ms - coalesce_ms) {}

void ClientWriter::add(std::string_view text, std::int64_t now_ms) {
  if (is_given_up_) return;
  if (now_ms != last_text_ms_) is_close_ = now_ms - last_text_ms_ < coalesce_ms_ / 2;
  last_text_ms_ = now_ms;
  text_.append(text);
}

std::string& ClientWriter::unsent() {
  if (!text_.empty()) {
    framing_.text(frames_, text_);
    text_.clear();
  }
  return frames_;
}

bool ClientWriter::is_full() const { return text_.size() + frames_.size() >= kMaximumUnsentBytes; }

void ClientWriter::arm(std::int64_t now_ms) {
  if (is_given_up_) return;
  const auto silent_ms = now_ms - last_write_ms_;
  const bool has_frame_passed = silent_ms >= coalesce_ms_;
  if (has_frame_passed && (write_ || text_.empty())) is_dense_ = false;
  // A write that waits is a sign of life of its own, and fails when the client leaves.
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

// In a dense stream the next timer is set as soon as the last one has fired: one a write, whenever
// the texts come.
std::int64_t ClientWriter::due_ms() const {
  if (is_given_up_) return kNever;
  if (is_dense_) return last_write_ms_ + coalesce_ms_;
  if (write_) return kNever;
  return last_write_ms_ + (text_.empty() ? silence_ms_ : coalesce_ms_);
}

void ClientWriter::begin_write(std::int64_t now_ms) {
  write_.emplace(context_, unsent());
  frames_.clear();
  last_write_ms_ = now_ms;
}

void ClientWriter::look() {
  if (!write_ || !write_->is_ready()) return;
  const bool is_gone = !write_->outcome().is_ok();
  write_.reset();
  if (is_gone) give_up();
}

void ClientWriter::give_up() {
  is_given_up_ = true;
  text_ = std::string();
  frames_ = std::string();
}

runtime::Task<void> ClientWriter::flush() {
  for (;;) {
    // Unlike WaitFor, this forgets its waiter when it is destroyed.
    if (write_) co_await runtime::first_of(*write_);
    look();
    if (is_given_up_ || unsent().empty()) co_return;
    begin_write(runtime::now_ms(context_));
  }
}

}  // namespace fabula::engine

#include "wasm/engine/socket/dialogue.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "shared/settings/table.hpp"
#include "wasm/engine/socket/close_code.hpp"
#include "wasm/engine/socket/limits.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaximumReasonBytes = 123;

}  // namespace

Dialogue::Dialogue(Call& call, Caller& caller, SocketPartner& partner,
                   const turn::SocketProtocol& protocol)
    : call_(call),
      caller_(caller),
      partner_(partner),
      protocol_(protocol),
      connection_(call.context(), protocol.is_acknowledged()),
      maximum_requests_(call.setting_values().number(settings::named("FABULA_SOCKET_SUBREQUESTS"))),
      rate_(runtime::now_ms(call.context())),
      started_ms_(runtime::now_ms(call.context())),
      last_heard_ms_(started_ms_),
      last_said_ms_(started_ms_),
      next_ping_ms_(started_ms_ + socket_limits::kPingAfterMs),
      buffer_(socket_limits::kUsualMessageBytes, '\0'),
      ending_(call.context().isolate_ending()) {}

Task<void> Dialogue::run() {
  runtime::Context& context = call_.context();
  if (!protocol_.begins_with_hello()) open({});
  for (;;) {
    // Begun before anything is checked, so that no message queued meanwhile is missed.
    runtime::BellWait queued(connection_.queued());
    const auto now_ms = runtime::now_ms(context);
    if (timer_ && timer_->is_ready()) timer_.reset();
    step(now_ms);
    if (is_over()) break;
    const auto due = std::max(due_ms(), now_ms);
    if (due != kNever && (!timer_ || due < timer_due_ms_)) {
      timer_due_ms_ = due;
      timer_.emplace(context, static_cast<std::uint32_t>(due - now_ms));
    }
    const std::array<runtime::Waitable*, 8> things{&queued,
                                                   receive_ ? &*receive_ : nullptr,
                                                   connection_.waiting_for(),
                                                   work_ ? &*work_ : nullptr,
                                                   cancelling_ ? &*cancelling_ : nullptr,
                                                   replying_ ? &*replying_ : nullptr,
                                                   is_ending_awaited() ? &ending_ : nullptr,
                                                   timer_ ? &*timer_ : nullptr};
    co_await runtime::first_of(things);
  }
  if (is_open_) co_await partner_.leave(call_, caller_);
}

// One round: takes everything that has arrived, then begins everything that can begin.
void Dialogue::step(std::int64_t now_ms) {
  connection_.look();
  receive(now_ms);
  look_at_work(now_ms);
  look_at_reply(now_ms);
  look_at_clock(now_ms);
  begin_next(now_ms);
  connection_.arm(now_ms);
  if (closing_ && (!connection_.has_unsent() || now_ms >= closing_->until_ms)) {
    connection_.close(closing_->code, closing_->reason);
  }
}

// An ending that is already handled, or has no effect any more, is not awaited: it stays ready.
bool Dialogue::is_ending_awaited() const { return !closing_ && !connection_.is_closed(); }

bool Dialogue::is_over() const {
  return connection_.is_closed() && !replying_ && !work_ && !cancelling_;
}

std::int64_t Dialogue::due_ms() const {
  if (connection_.is_closed()) return kNever;
  if (closing_) return closing_->until_ms;
  auto due = kNever;
  if (!is_opening_) due = started_ms_ + socket_limits::kHelloTimeoutMs;
  if (protocol_.is_pinged()) due = std::min(due, next_ping_ms_);
  if (const auto idle_ms = protocol_.longest_idle_ms(); idle_ms > 0 && !replying_) {
    due = std::min(due, last_said_ms_ + idle_ms);
  }
  if (const auto since = connection_.stalled_since_ms()) {
    due = std::min(due, *since + socket_limits::kLongestStallMs);
  }
  if (is_open_ && !work_ && partner_.looks() && !connection_.is_full()) {
    due = std::min(due, look_due_ms_);
  }
  if (is_open_ && !replying_ && is_message_next()) {
    due = std::min(due, turn_due_ms_);
  }
  return due;
}

void Dialogue::look_at_clock(std::int64_t now_ms) {
  if (connection_.is_closed() || closing_) return;
  if (ending_.is_ready()) return restart(now_ms);
  // Half of the platform's limit is reserved for a turn that a message may begin at any time. The
  // next connection can continue following another request's reply, and messages with names are
  // sent again.
  const bool is_busy = (replying_ && reply_kind_ != ReplyKind::followed) || work_ ||
                       (!waiting_.empty() && !protocol_.begins_with_hello());
  if (!is_busy &&
      call_.context().requests_made() >= static_cast<std::uint32_t>(maximum_requests_ / 2)) {
    return restart(now_ms);
  }
  if (const auto since = connection_.stalled_since_ms();
      since && now_ms - *since >= socket_limits::kLongestStallMs) {
    // The queued messages would never be sent.
    return connection_.close(close_code::kTryAgainLater, "too_slow");
  }
  if (!is_opening_ && now_ms - started_ms_ >= socket_limits::kHelloTimeoutMs) {
    return close(close_code::kPolicyViolation, "hello_expected", now_ms);
  }
  if (const auto idle_ms = protocol_.longest_idle_ms();
      idle_ms > 0 && !replying_ && now_ms - last_said_ms_ >= idle_ms) {
    return close(close_code::kNormal, "idle", now_ms);
  }
  if (!protocol_.is_pinged() || now_ms < next_ping_ms_) return;
  if (unanswered_pings_ == socket_limits::kMaximumUnansweredPings) {
    return connection_.close(close_code::kGoingAway, "no_answer");
  }
  ++unanswered_pings_;
  next_ping_ms_ = now_ms + socket_limits::kPingAfterMs;
  std::string ping;
  protocol_.ping(ping);
  connection_.send(std::move(ping));
}

void Dialogue::refuse(std::string_view id, const Problem& problem, std::int64_t now_ms) {
  call_.note_problem(problem);
  std::string message;
  protocol_.refusal(message, id, problem);
  connection_.send(std::move(message));
  if (protocol_.closes_on_problem() || close_code::ends_identity(problem)) {
    close(close_code::of(problem), facts(problem.code).name, now_ms);
  }
}

void Dialogue::close(std::uint32_t code, std::string_view reason, std::int64_t now_ms) {
  if (closing_) return;
  closing_ = {code, std::string(reason.substr(0, kMaximumReasonBytes)),
              now_ms + socket_limits::kLongestFarewellMs};
}

// This server ends the connection, but not the conversation.
void Dialogue::restart(std::int64_t now_ms) {
  const auto delay_ms = runtime::random_number(call_.context()) %
                        static_cast<std::uint32_t>(socket_limits::kLongestReconnectDelayMs);
  std::string message;
  protocol_.reconnect(message, delay_ms);
  connection_.send(std::move(message));
  close(close_code::kServiceRestart, facts(ErrorCode::interrupted).name, now_ms);
}

}  // namespace fabula::engine

#include "wasm/engine/socket/dialogue.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <variant>

#include "shared/auth/jwt.hpp"
#include "shared/database/conversation.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/socket/close_code.hpp"
#include "wasm/engine/socket/limits.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaximumReasonBytes = 123;

bool ends_identity(const Problem& problem) {
  return problem.code == ErrorCode::invalid_token || problem.code == ErrorCode::token_expired ||
         problem.code == ErrorCode::missing_credentials;
}

Problem flooded() {
  return {ErrorCode::rate_limited,
          "Too many messages at once. Wait for the reply before you send more.",
          {}};
}

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
    // Begun before anything is looked at, so that no message that is queued meanwhile is missed.
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

// One round: takes what has come, then begins what can begin.
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

// An end that has been answered, or that changes nothing any more, is not waited for: it stays
// ready.
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
  if (is_open_ && !replying_ && !waiting_.empty() && starts_.empty() && !started_) {
    due = std::min(due, turn_due_ms_);
  }
  return due;
}

void Dialogue::receive(std::int64_t now_ms) {
  // A client that is being refused is not heard any more.
  while (!connection_.is_closed() && !closing_) {
    if (receive_) {
      if (!receive_->is_ready()) return;
      const auto outcome = receive_->outcome();
      receive_.reset();
      take(outcome, now_ms);
      if (connection_.is_closed() || closing_) return;
    }
    receive_.emplace(call_.context(), std::span(buffer_));
  }
  receive_.reset();
}

void Dialogue::take(const runtime::Outcome& outcome, std::int64_t now_ms) {
  if (outcome.status == abi::Status::overflow) {
    close(close_code::kPolicyViolation, facts(ErrorCode::rate_limited).name, now_ms);
    return refuse({}, flooded(), now_ms);
  }
  if (!outcome.is_ok()) return connection_.closed_by_client();
  if (outcome.value > buffer_.size()) {
    if (outcome.value > socket_limits::kMaximumMessageBytes) {
      return close(close_code::kMessageTooBig, facts(ErrorCode::body_too_large).name, now_ms);
    }
    buffer_.assign(outcome.value, '\0');
    return;
  }
  last_heard_ms_ = now_ms;
  unanswered_pings_ = 0;
  next_ping_ms_ = now_ms + socket_limits::kPingAfterMs;
  if (!rate_.take(now_ms)) {
    close(close_code::kPolicyViolation, facts(ErrorCode::rate_limited).name, now_ms);
    return refuse({}, flooded(), now_ms);
  }
  if (static_cast<abi::MessageKind>(outcome.detail) != abi::MessageKind::text) {
    const Problem binary(ErrorCode::unsupported_media_type, "Send text messages, not binary ones.",
                         {});
    close(close_code::kUnsupportedData, facts(binary.code).name, now_ms);
    return refuse({}, binary, now_ms);
  }
  auto said = protocol_.read(std::string_view(buffer_).substr(0, outcome.value));
  if (buffer_.size() > socket_limits::kUsualMessageBytes) {
    buffer_ = std::string(socket_limits::kUsualMessageBytes, '\0');
  }
  if (!said) return refuse({}, said.error(), now_ms);
  hear(std::move(*said), now_ms);
}

void Dialogue::hear(turn::Said&& said, std::int64_t now_ms) {
  if (const auto* acknowledged = std::get_if<turn::said::Acknowledge>(&said)) {
    if (!connection_.acknowledge(acknowledged->bytes)) {
      refuse({},
             {ErrorCode::invalid_request, "Fewer bytes have been sent than you acknowledge.", {}},
             now_ms);
    }
  } else if (std::holds_alternative<turn::said::Ping>(said)) {
    answer_ping();
  } else if (const auto* hello = std::get_if<turn::said::Hello>(&said)) {
    if (!is_opening_) open(*hello);
  } else if (auto* message = std::get_if<turn::said::Message>(&said)) {
    if (!is_opening_) open({});
    say(std::move(*message), now_ms);
  } else if (auto* start = std::get_if<turn::said::Start>(&said)) {
    if (!is_opening_) open({});
    if (starts_.size() < socket_limits::kMaximumWaitingMessages) {
      starts_.push_back(std::move(*start));
    } else {
      refuse({}, flooded(), now_ms);
    }
  } else if (const auto* cancelled = std::get_if<turn::said::Cancel>(&said)) {
    cancel(cancelled->id);
  }
}

void Dialogue::answer_ping() {
  // A client that does not take its answers needs no further ones.
  if (connection_.is_full()) return;
  std::string pong;
  protocol_.pong(pong);
  connection_.send(std::move(pong));
}

bool Dialogue::is_answering(std::string_view id) const {
  return !id.empty() && replying_ && reply_.id == id && !reply_.is_refused;
}

void Dialogue::say(turn::said::Message&& message, std::int64_t now_ms) {
  last_said_ms_ = now_ms;
  if (caller_.expires_at_s) {
    constexpr std::int64_t kMillisecondsPerSecond = 1000;
    if (now_ms > *caller_.expires_at_s * kMillisecondsPerSecond + auth::kClockLeewayMs) {
      return refuse(message.id,
                    {ErrorCode::token_expired,
                     "Your token has expired. Get a new one, and connect again.",
                     {}},
                    now_ms);
    }
  }
  const auto is_same = [&message](const turn::said::Message& other) {
    return !message.id.empty() && other.id == message.id;
  };
  if (std::any_of(waiting_.begin(), waiting_.end(), is_same)) return;
  if (is_answering(message.id)) {
    said_ = std::move(message);
    return;
  }
  if (waiting_.size() >= socket_limits::kMaximumWaitingMessages) {
    return refuse(message.id, flooded(), now_ms);
  }
  // One that is said again while its refused turn is being withdrawn came before those that wait.
  const bool is_first = !message.id.empty() && replying_ && reply_.id == message.id;
  waiting_.insert(is_first ? waiting_.begin() : waiting_.end(), std::move(message));
}

void Dialogue::cancel(std::string_view id) {
  const auto waits =
      std::find_if(waiting_.begin(), waiting_.end(),
                   [id](const turn::said::Message& message) { return message.id == id; });
  if (waits != waiting_.end()) {
    waiting_.erase(waits);
    std::string message;
    protocol_.taken_back(message, id);
    return connection_.send(std::move(message));
  }
  // Of a reply that has ended nothing is left to stop: the next one has another id.
  if (!is_answering(id)) return;
  reply_.is_stop_asked = true;
  was_stop_passed_on_ = false;
  pass_stop_on();
  connection_.changed().ring();
}

void Dialogue::pass_stop_on() {
  if (!replying_ || !reply_.is_stop_asked || cancelling_ || was_stop_passed_on_) return;
  if (followed_) {
    cancelling_.emplace(cancel_followed(followed_->stream_id, followed_->epoch));
  } else if (reply_.is_followed) {
    cancelling_.emplace(cancel_followed(reply_.stream_id, 0));
  }
  was_stop_passed_on_ = cancelling_.has_value();
}

Task<Result<SocketNews>> Dialogue::cancel_followed(std::string stream_id, std::int64_t epoch) {
  std::string request;
  json::Writer writer(request);
  writer.begin_object().key("principal");
  auth::write_principal(writer, caller_.principal);
  writer.key("stream_id").string(stream_id);
  writer.key("body").begin_object();
  if (epoch > 0) writer.key("epoch").integer(epoch);
  writer.end_object().end_object();
  // If it fails, the client sees that the reply goes on, and may cancel it again.
  co_await runtime::attempt(call_with_body(call_.context(), call_.database(),
                                           database::kRequestCancel, database::body_of(request)));
  co_return SocketNews{};
}

void Dialogue::open(const turn::said::Hello& hello) {
  is_opening_ = true;
  hello_ = hello;
  work_.emplace(partner_.open(call_, caller_, protocol_, *hello_));
}

void Dialogue::look_at_work(std::int64_t now_ms) {
  if (cancelling_ && cancelling_->is_ready()) cancelling_.reset();
  if (!work_ || !work_->is_ready()) return;
  auto news = work_->take();
  work_.reset();
  if (!is_open_) {
    if (!news) {
      refuse({}, news.error(), now_ms);
      return close(close_code::of(news.error()), facts(news.error().code).name, now_ms);
    }
    is_open_ = true;
  }
  if (started_) {
    started_.reset();
    if (!news) return refuse({}, news.error(), now_ms);
  }
  take_news(std::move(news), now_ms);
}

void Dialogue::take_news(Result<SocketNews>&& news, std::int64_t now_ms) {
  look_due_ms_ = now_ms + socket_limits::kIdleLookMs;
  if (!news) {
    // What a look has missed the next one sees; but a caller who is not known any more has nothing
    // to see.
    if (ends_identity(news.error())) refuse({}, news.error(), now_ms);
    return;
  }
  for (auto& message : news->messages) connection_.send(std::move(message));
  if (news->has_more) look_due_ms_ = now_ms;
  if (!replying_) {
    followed_ = std::move(news->running);
    // A look that began before a reply's end may still have seen it run.
    if (followed_ && followed_->generation_id == told_generation_id_) followed_.reset();
    if (news->broken && news->broken->stream_id != continued_id_) {
      broken_ = std::move(news->broken);
    }
  }
}

void Dialogue::begin_reply(std::string id) {
  reply_ = {};
  reply_.id = std::move(id);
  was_accepted_ = false;
  was_stop_passed_on_ = false;
  said_.reset();
  // A message that was sent again before its reply was seen is answered by it.
  const auto waits =
      std::find_if(waiting_.begin(), waiting_.end(), [this](const turn::said::Message& message) {
        return !message.id.empty() && message.id == reply_.id;
      });
  if (waits == waiting_.end()) return;
  said_ = std::move(*waits);
  waiting_.erase(waits);
}

void Dialogue::begin_next(std::int64_t now_ms) {
  if (!is_open_ || connection_.is_closed() || closing_) return;
  if (!work_ && !starts_.empty()) {
    started_ = std::move(starts_.front());
    starts_.pop_front();
    work_.emplace(partner_.start(call_, caller_, *started_));
  }
  // What the others have written first: a look brings it before a turn of its own begins.
  if (!work_ && partner_.looks() && now_ms >= look_due_ms_ && !connection_.is_full()) {
    look_due_ms_ = now_ms + socket_limits::kIdleLookMs;
    work_.emplace(partner_.look(call_, caller_));
  }
  if (replying_) return;
  if (followed_) {
    broken_.reset();
    reply_kind_ = ReplyKind::followed;
    begin_reply(followed_->id);
    replying_.emplace(follow_in_dialogue(side(), *followed_, reply_));
  } else if (broken_) {
    reply_kind_ = ReplyKind::continued;
    continued_id_ = broken_->stream_id;
    begin_reply(broken_->id);
    replying_.emplace(go_on_in_dialogue(side(), *std::exchange(broken_, std::nullopt), reply_));
  } else if (!waiting_.empty() && starts_.empty() && !started_ && now_ms >= turn_due_ms_) {
    reply_kind_ = ReplyKind::own;
    auto message = std::move(waiting_.front());
    waiting_.pop_front();
    begin_reply(message.id);
    said_ = std::move(message);
    replying_.emplace(say_in_dialogue(side(), *said_, reply_));
  }
}

void Dialogue::look_at_reply(std::int64_t now_ms) {
  // The others' events, and the one of the message itself, as soon as it is stored.
  if (replying_ && reply_.has_begun && !std::exchange(was_accepted_, true)) look_due_ms_ = now_ms;
  pass_stop_on();
  if (!replying_ || !replying_->is_ready()) return;
  replying_.reset();
  last_said_ms_ = now_ms;
  look_due_ms_ = now_ms;
  followed_.reset();
  if (!reply_.problem) {
    told_generation_id_ = reply_.generation_id;
    return;
  }
  const Problem& problem = *reply_.problem;
  if (reply_kind_ != ReplyKind::own) {
    if (reply_.has_begun) return;
    // Nothing of it was told: it may be gone, or cannot be read now.
    look_due_ms_ = now_ms + socket_limits::kTurnRetryMs;
    if (said_) waiting_.push_front(*std::exchange(said_, std::nullopt));
    return;
  }
  if (!reply_.has_begun && problem.code == ErrorCode::turn_in_progress &&
      !connection_.is_closed()) {
    // Another connection's turn: this message is next, unless it was taken back meanwhile.
    if (reply_.is_stop_asked) {
      std::string message;
      protocol_.taken_back(message, reply_.id);
      return connection_.send(std::move(message));
    }
    waiting_.push_front(*std::exchange(said_, std::nullopt));
    turn_due_ms_ = now_ms + socket_limits::kTurnRetryMs;
    return;
  }
  if (!reply_.has_begun && !reply_.is_refused) return refuse(reply_.id, problem, now_ms);
  if (protocol_.closes_on_problem()) {
    close(close_code::of(problem), facts(problem.code).name, now_ms);
  }
}

void Dialogue::look_at_clock(std::int64_t now_ms) {
  if (connection_.is_closed() || closing_) return;
  if (ending_.is_ready()) return restart(now_ms);
  // Half of the platform's limit is left for the turn that a message may begin at any time. A reply
  // that is only read along can be read by the next connection, and messages that have names are
  // sent again.
  const bool is_busy = (replying_ && reply_kind_ != ReplyKind::followed) || work_ ||
                       (!waiting_.empty() && !protocol_.begins_with_hello());
  if (!is_busy &&
      call_.context().requests_made() >= static_cast<std::uint32_t>(maximum_requests_ / 2)) {
    return restart(now_ms);
  }
  if (const auto since = connection_.stalled_since_ms();
      since && now_ms - *since >= socket_limits::kLongestStallMs) {
    // What is queued would never be sent.
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
  if (protocol_.closes_on_problem() || ends_identity(problem)) {
    close(close_code::of(problem), facts(problem.code).name, now_ms);
  }
}

void Dialogue::close(std::uint32_t code, std::string_view reason, std::int64_t now_ms) {
  if (closing_) return;
  closing_ = {code, std::string(reason.substr(0, kMaximumReasonBytes)),
              now_ms + socket_limits::kLongestFarewellMs};
}

// This server ends the connection, not the conversation.
void Dialogue::restart(std::int64_t now_ms) {
  const auto delay_ms = runtime::random_number(call_.context()) %
                        static_cast<std::uint32_t>(socket_limits::kLongestReconnectDelayMs);
  std::string message;
  protocol_.reconnect(message, delay_ms);
  connection_.send(std::move(message));
  close(close_code::kServiceRestart, facts(ErrorCode::interrupted).name, now_ms);
}

}  // namespace fabula::engine

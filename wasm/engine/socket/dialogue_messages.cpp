// The messages of a dialogue's client.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "shared/auth/jwt.hpp"
#include "shared/database/conversation.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/socket/close_code.hpp"
#include "wasm/engine/socket/dialogue.hpp"
#include "wasm/engine/socket/limits.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

Problem flooded() {
  return {ErrorCode::rate_limited,
          "Too many messages at once. Wait for the reply before you send more.",
          {}};
}

}  // namespace

void Dialogue::receive(std::int64_t now_ms) {
  // Further messages of a client that is being refused are ignored.
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
  const auto sent = std::string_view(buffer_).substr(0, outcome.value);
  auto said = protocol_.read(sent);
  const std::string refused_id = said ? std::string() : protocol_.id_of_refused(sent);
  if (buffer_.size() > socket_limits::kUsualMessageBytes) {
    buffer_ = std::string(socket_limits::kUsualMessageBytes, '\0');
  }
  if (!said) return refuse(refused_id, said.error(), now_ms);
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
    if (waiting_.size() < socket_limits::kMaximumWaitingMessages) {
      waiting_.emplace_back(std::move(*start));
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

// The waiting message with this name; the end if there is none, or the name is empty.
std::deque<Dialogue::Waiting>::iterator Dialogue::find_waiting(std::string_view id) {
  if (id.empty()) return waiting_.end();
  return std::find_if(waiting_.begin(), waiting_.end(), [id](const Waiting& waiting) {
    const auto* message = std::get_if<turn::said::Message>(&waiting);
    return message && message->id == id;
  });
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
  if (find_waiting(message.id) != waiting_.end()) return;
  if (is_answering(message.id)) {
    said_ = std::move(message);
    return;
  }
  if (waiting_.size() >= socket_limits::kMaximumWaitingMessages) {
    return refuse(message.id, flooded(), now_ms);
  }
  // A message that is sent again while its refused turn is being withdrawn comes before the waiting
  // ones.
  const bool is_first = !message.id.empty() && replying_ && reply_.id == message.id;
  waiting_.insert(is_first ? waiting_.begin() : waiting_.end(), std::move(message));
}

void Dialogue::cancel(std::string_view id) {
  const auto waits = find_waiting(id);
  if (waits != waiting_.end()) {
    waiting_.erase(waits);
    std::string message;
    protocol_.taken_back(message, id);
    return connection_.send(std::move(message));
  }
  // A reply that has ended cannot be stopped; the next one has another id.
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
  // If it fails, the client sees that the reply continues, and may cancel it again.
  co_await runtime::attempt(call_with_body(call_.context(), call_.database(),
                                           database::kRequestCancel, database::body_of(request)));
  co_return SocketNews{};
}

}  // namespace fabula::engine

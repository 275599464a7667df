// News for a dialogue's client: replies, one after the other, and the actions of other connections.
#include <algorithm>
#include <utility>

#include "wasm/engine/socket/close_code.hpp"
#include "wasm/engine/socket/dialogue.hpp"
#include "wasm/engine/socket/limits.hpp"

namespace fabula::engine {

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
  const bool is_news = news && !news->messages.empty();
  look_gap_ms_ = is_news ? socket_limits::kFirstLookMs
                         : std::min(2 * look_gap_ms_, socket_limits::kIdleLookMs);
  look_due_ms_ = now_ms + look_gap_ms_;
  if (!news) {
    // The next look finds anything that one has missed; but a caller without a valid identity may
    // see nothing.
    if (close_code::ends_identity(news.error())) refuse({}, news.error(), now_ms);
    return;
  }
  for (auto& message : news->messages) connection_.send(std::move(message));
  if (news->has_more) look_due_ms_ = now_ms;
  if (!replying_) {
    followed_ = std::move(news->running);
    // A look that began before a reply's end may still have seen it running.
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
  // If a message was sent again before its reply was seen, the reply answers it.
  const auto waits = find_waiting(reply_.id);
  if (waits == waiting_.end()) return;
  said_ = std::get<turn::said::Message>(std::move(*waits));
  waiting_.erase(waits);
}

bool Dialogue::is_message_next() const {
  return !started_ && !waiting_.empty() &&
         std::holds_alternative<turn::said::Message>(waiting_.front());
}

// A reply that has found its conversation does not block the next start. A repeated reply may find
// it twice.
bool Dialogue::is_start_next() const {
  return !waiting_.empty() && std::holds_alternative<turn::said::Start>(waiting_.front()) &&
         (!replying_ || (reply_.has_begun && !reply_.is_followed));
}

void Dialogue::begin_next(std::int64_t now_ms) {
  if (!is_open_ || connection_.is_closed() || closing_) return;
  if (!work_ && is_start_next()) {
    started_ = std::get<turn::said::Start>(std::move(waiting_.front()));
    waiting_.pop_front();
    work_.emplace(partner_.start(call_, caller_, *started_));
  }
  // Other connections' news come first: a look fetches them before a turn of this connection
  // begins.
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
  } else if (is_message_next() && now_ms >= turn_due_ms_) {
    reply_kind_ = ReplyKind::own;
    auto message = std::get<turn::said::Message>(std::move(waiting_.front()));
    waiting_.pop_front();
    begin_reply(message.id);
    said_ = std::move(message);
    replying_.emplace(say_in_dialogue(side(), *said_, reply_));
  }
}

void Dialogue::look_at_reply(std::int64_t now_ms) {
  // Fetches the others' events, and the one of the message itself, as soon as it is stored.
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
    // Nothing of it was sent: it may be gone, or unreadable at the moment.
    look_due_ms_ = now_ms + socket_limits::kTurnRetryMs;
    if (said_) waiting_.push_front(*std::exchange(said_, std::nullopt));
    return;
  }
  if (!reply_.has_begun && problem.code == ErrorCode::turn_in_progress &&
      !connection_.is_closed()) {
    // It was another connection's turn: this message is next, unless it was withdrawn meanwhile.
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

}  // namespace fabula::engine

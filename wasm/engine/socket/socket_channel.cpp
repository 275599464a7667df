#include "wasm/engine/socket/socket_channel.hpp"

#include <limits>
#include <utility>

#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

constexpr std::size_t kMaximumUnframedBytes = std::size_t{32} * 1024;

}  // namespace

void SocketChannel::text(std::string_view text, std::int64_t) {
  reply_.told_bytes += text.size();
  if (!is_given_up()) text_.append(text);
}

void SocketChannel::reasoning(std::string_view text, std::int64_t) {
  tell(turn::event::Reasoning{text});
}

void SocketChannel::tell(const turn::Event& event) {
  note(event);
  if (is_given_up()) return;
  push_text();
  std::string message;
  framing_.write(message, event);
  connection_.send(std::move(message));
}

void SocketChannel::note(const turn::Event& event) {
  if (const auto* begun = std::get_if<turn::event::Begun>(&event)) {
    reply_.has_begun = true;
    reply_.is_followed = begun->turn.is_replayed;
    reply_.stream_id = begun->turn.stream_id;
    reply_.generation_id = begun->turn.generation_id;
    reply_.user_message_id = begun->turn.user_message_id;
    if (!begun->turn.message_id.empty()) reply_.reply_message_id = begun->turn.message_id;
  } else if (const auto* failed = std::get_if<turn::event::Failed>(&event)) {
    reply_.problem = failed->problem;
  } else if (std::holds_alternative<turn::event::ComeBack>(event)) {
    reply_.is_to_be_followed = true;
  }
}

void SocketChannel::push_text() {
  if (text_.empty()) return;
  std::string message;
  framing_.text(message, text_);
  text_.clear();
  connection_.send(std::move(message));
}

bool SocketChannel::has_unsent() const { return !text_.empty() || connection_.has_unsent(); }

bool SocketChannel::is_full() const {
  return connection_.is_full() || text_.size() >= kMaximumUnframedBytes;
}

void SocketChannel::arm(std::int64_t now_ms) {
  if (text_.empty() || connection_.is_full() || now_ms < last_text_ms_ + coalesce_ms_) return;
  last_text_ms_ = now_ms;
  push_text();
}

std::int64_t SocketChannel::due_ms() const {
  if (text_.empty() || connection_.is_full()) return std::numeric_limits<std::int64_t>::max();
  return last_text_ms_ + coalesce_ms_;
}

runtime::Waitable* SocketChannel::waiting_for() {
  if (!changed_) changed_.emplace(connection_.changed());
  return &*changed_;
}

void SocketChannel::look() {
  if (changed_ && changed_->is_ready()) changed_.reset();
  if (connection_.is_closed() && !is_given_up()) give_up();
}

void SocketChannel::give_up() {
  Channel::give_up();
  text_ = std::string();
}

runtime::Task<void> SocketChannel::flush() {
  for (;;) {
    // Begun before the conditions are checked, so that no change is missed.
    runtime::BellWait changed(connection_.changed());
    look();
    push_text();
    if (is_given_up() || !connection_.has_unsent()) co_return;
    co_await runtime::first_of(changed);
  }
}

runtime::Task<void> SocketChannels::refuse(Call& call, const turn::Protocol&,
                                           const Problem& problem) {
  call.note_problem(problem);
  reply_.problem = problem;
  reply_.is_refused = true;
  std::string message;
  protocol_.refusal(message, reply_.id, problem);
  connection_.send(std::move(message));
  co_return;
}

std::unique_ptr<turn::Framing> SocketChannels::make_framing(const turn::Protocol&,
                                                            const turn::Telling& telling) {
  reply_.told_bytes = telling.offset_bytes;
  return protocol_.framing({reply_.id, telling.offset_bytes});
}

std::unique_ptr<Channel> SocketChannels::make_channel(Call&, const turn::Protocol&,
                                                      turn::Framing& framing,
                                                      const RelayLimits& limits) {
  return std::make_unique<SocketChannel>(connection_, framing, reply_, limits.coalesce_ms);
}

}  // namespace fabula::engine

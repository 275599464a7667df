#include "tests/sim/peers/realtime_client.hpp"

#include <algorithm>
#include <utility>

#include "functions/realtime/realtime.hpp"
#include "shared/json/text.hpp"

namespace fabula::tests {
namespace {

constexpr std::uint32_t kNormal = 1000;
constexpr std::uint32_t kPolicyViolation = 1008;
// A turn that was withdrawn after it was reported is begun again; one that has ended is reported
// again.
constexpr int kMaximumRepeats = 5;

}  // namespace

sim::Client& RealtimeWorld::open(const std::string& session_id, const std::string& protocols,
                                 const std::string& more_headers, const std::string& query) {
  std::string head = "GET http://edge/functions/v1/realtime/ws/session/" + session_id + query +
                     "\nconnection: Upgrade\nupgrade: websocket\n" + more_headers;
  if (!protocols.empty()) head += "sec-websocket-protocol: " + protocols + "\n";
  return world.call(&realtime_function::handle, head);
}

std::string typed(std::string_view type, std::string_view body) {
  std::string message = R"({"type":")";
  message.append(type).append("\"");
  if (!body.empty()) message.append(",").append(body);
  return message + "}";
}

std::vector<json::Document> of_type(const sim::Client& client, std::string_view type) {
  std::vector<json::Document> found;
  for (const auto& received : client.received()) {
    auto message = json::parse(received);
    if (message && json::string_at(*message, "type") == type) found.push_back(std::move(*message));
  }
  return found;
}

json::Document last_of(const sim::Client& client, std::string_view type) {
  auto found = of_type(client, type);
  return found.empty() ? json::Document() : std::move(found.back());
}

std::string text_in(const json::Document& message, std::string_view key) {
  return std::string(json::string_at(message, key).value_or(""));
}

RealtimeClient::RealtimeClient(RealtimeWorld& chat, std::string session_id, std::string token)
    : chat_(chat), session_id_(std::move(session_id)), token_(std::move(token)) {}

void RealtimeClient::connect() {
  if (has_left_) return;
  ++connections_;
  read_ = 0;
  received_bytes_ = 0;
  is_ready_ = false;
  after_ms_ = 0;
  socket_ = &chat_.open(session_id_, token_.empty() ? "fabula.v1" : "fabula.v1, " + token_);
  socket_->on_socket([this, socket = socket_] {
    if (socket == socket_) notice();
  });
  // A page says hello when the socket opens.
  chat_.world.clock().after(1, [this, socket = socket_] {
    if (socket != socket_) return;
    std::string known;
    if (last_event_id_ > 0 || connections_ > 1)
      known = R"("last_event_id":)" + std::to_string(last_event_id_);
    send(typed("hello", known));
  });
}

void RealtimeClient::say(const std::string& id, const std::string& text) {
  said_.push_back(id);
  texts_[id] = text;
  replies_[id] = {};
  if (is_ready_) send_message(id);
}

void RealtimeClient::send_message(const std::string& id) {
  std::string body = R"("id":)";
  json::Writer(body).string(id);
  body += R"(,"text":)";
  json::Writer(body).string(texts_.at(id));
  send(typed("message", body));
}

void RealtimeClient::cancel(const std::string& id) {
  send(typed("cancel", R"("id":")" + id + "\""));
}

void RealtimeClient::repeat(const std::string& id) {
  if (is_ready_) send_message(id);
}

void RealtimeClient::send(std::string message) {
  if (socket_) socket_->send_text(std::move(message));
}

void RealtimeClient::drop() {
  if (!socket_) return;
  std::exchange(socket_, nullptr)->leave();
  is_ready_ = false;
  chat_.world.clock().after(reconnect_ms, [this] {
    if (!socket_ && reconnects) connect();
  });
}

void RealtimeClient::leave() {
  has_left_ = true;
  if (socket_) std::exchange(socket_, nullptr)->close(kNormal);
}

void RealtimeClient::pause() { is_paused_ = true; }

void RealtimeClient::go_on() {
  is_paused_ = false;
  notice();
}

void RealtimeClient::notice() {
  if (is_paused_ || std::exchange(is_noticed_, true)) return;
  chat_.world.clock().after(reaction_ms, [this] {
    is_noticed_ = false;
    read();
  });
}

void RealtimeClient::read() {
  if (!socket_ || is_paused_) return;
  auto* const socket = socket_;
  bool has_read = false;
  while (socket_ == socket && read_ < socket->received().size()) {
    const auto& received = socket->received()[read_++];
    received_bytes_ += received.size();
    has_read = true;
    const auto message = json::parse(received);
    if (!message) {
      fault("not JSON: " + received);
      continue;
    }
    hear(*message);
    if (drops_after.count(++read_all_) > 0) return drop();
  }
  if (socket_ != socket) return;
  if (!socket->is_open()) return ended();
  if (has_read && acknowledges) {
    send(typed("ack", R"("bytes":)" + std::to_string(received_bytes_)));
  }
}

void RealtimeClient::ended() {
  last_close_code_ = socket_->close_code();
  last_close_reason_ = socket_->close_reason();
  socket_ = nullptr;
  is_ready_ = false;
  if (!reconnects || last_close_code_ == kPolicyViolation) return;
  chat_.world.clock().after(std::max(after_ms_, reconnect_ms), [this] {
    if (!socket_) connect();
  });
}

HeardReply& RealtimeClient::reply_of(const json::Document& message) {
  auto id = text_in(message, "id");
  // A reply that broke off may be named by its question.
  if (const auto named = names_.find(id); named != names_.end()) id = named->second;
  return replies_[id];
}

void RealtimeClient::hear(const json::Document& message) {
  const auto type = text_in(message, "type");
  if (type == "ready") return hear_ready(message);
  if (type == "event") return hear_event(*json::find(message, "event"));
  if (type == "token") return hear_token(message);
  if (type == "error") return hear_error(message);
  if (type == "ping" && answers_pings) return send(typed("pong"));
  if (type == "reconnect") after_ms_ = json::integer_at(message, "after_ms").value_or(0);
  if (type == "accepted") {
    const auto user_message_id = text_in(message, "user_message_id");
    if (user_message_id.empty()) fault("accepted without a user_message_id");
    if (text_in(message, "id") != user_message_id) names_[user_message_id] = text_in(message, "id");
    auto& reply = reply_of(message);
    reply.is_accepted = true;
    reply.error.clear();
    reply.user_message_id = user_message_id;
    reply.stream_id = text_in(message, "stream_id");
  }
  if (type == "done") {
    auto& reply = reply_of(message);
    ++reply.done;
    reply.done_text = reply.text;
    reply.error.clear();
    reply.finish_reason = text_in(message, "finish_reason");
  }
}

void RealtimeClient::hear_ready(const json::Document& message) {
  is_ready_ = true;
  const auto token = text_in(message, "guest_token");
  if (!token.empty()) token_ = token;
  for (const auto& event : *json::find(message, "events")) hear_event(event);
  for (const auto& id : said_) {
    if (!is_settled(id)) send_message(id);
  }
}

void RealtimeClient::hear_event(const json::Document& event) {
  const auto id = json::integer_at(event, "id").value_or(0);
  if (id <= last_event_id_) fault("event " + std::to_string(id) + " again");
  last_event_id_ = std::max(last_event_id_, id);
  events_.push_back(id);
  const auto client_id = text_in(event, "client_id");
  if (!client_id.empty()) names_[text_in(event, "message_id")] = client_id;
  hear_stored(event, *json::find(event, "metadata"));
}

// The end of a reply for a client that was away. One that broke off is continued.
void RealtimeClient::hear_stored(const json::Document& event, const json::Document& metadata) {
  const auto named = names_.find(text_in(metadata, "user_message_id"));
  if (named == names_.end()) return;
  auto& reply = replies_[named->second];
  const auto status = text_in(metadata, "status");
  const auto content = text_in(event, "content");
  if (text_in(event, "type") == "error" || status == "interrupted") {
    reply.broken = status == "interrupted" ? status : content;
    // It continues from the stored text, which may be more than was received here.
    if (text_in(event, "role") == "assistant" && content.size() > reply.text.size()) {
      reply.text = content;
    }
  } else {
    reply.broken.clear();
    reply.stored_text = text_in(event, "role") == "assistant" ? content : std::string();
  }
}

// A server that died may have sent more than was stored: the text continues from there.
void RealtimeClient::hear_token(const json::Document& message) {
  auto& reply = reply_of(message);
  const auto offset = static_cast<std::size_t>(json::integer_at(message, "offset").value_or(-1));
  if (!reply.is_accepted) fault("a token before accepted");
  if (offset > reply.text.size()) {
    // The rest of a reply that another client has asked for.
    const auto id = text_in(message, "id");
    const bool is_own = texts_.count(id) > 0 || names_.count(id) > 0;
    if (is_own) fault("text is missing before " + std::to_string(offset));
    reply.text.resize(offset, '?');
  }
  reply.text.resize(offset);
  reply.text += text_in(message, "text");
}

void RealtimeClient::hear_error(const json::Document& message) {
  const auto id = text_in(message, "id");
  if (id.empty()) return;
  auto& reply = reply_of(message);
  reply.error = text_in(message, "code");
  reply.is_retryable = json::boolean_at(message, "retryable").value_or(false);
  ++reply.errors;
  if (!reply.is_accepted) ++reply.refused;
  if (!reply.is_retryable || texts_.count(id) == 0) return;
  if (reply.is_accepted && reply.errors > kMaximumRepeats) return;
  try_again(id, reply.errors);
}

void RealtimeClient::try_again(const std::string& id, int errors) {
  constexpr std::int64_t kRetryMs = 2'000;
  chat_.world.clock().after(kRetryMs, [this, id, errors] {
    const auto& reply = replies_.at(id);
    if (is_ready_ && !reply.error.empty() && reply.errors == errors) send_message(id);
  });
}

bool RealtimeClient::is_settled(const std::string& id) const {
  const auto& reply = replies_.at(id);
  if (reply.done > 0) return true;
  if (reply.error.empty()) return reply.is_accepted;
  return !reply.is_retryable || (reply.is_accepted && reply.errors > kMaximumRepeats);
}

bool RealtimeClient::has_heard_all_said() const {
  return std::all_of(said_.begin(), said_.end(), [this](const auto& id) {
    const auto& reply = replies_.at(id);
    return is_settled(id) && (reply.is_over() || reply.has_failed());
  });
}

}  // namespace fabula::tests

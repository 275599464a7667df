#include "functions/realtime/partner.hpp"

#include <utility>

#include "functions/realtime/conversation.hpp"
#include "shared/database/realtime.hpp"
#include "shared/json/document.hpp"
#include "shared/protocols/realtime/json_protocol.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/timestamps.hpp"
#include "shared/turn/status.hpp"
#include "wasm/engine/admission.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/engine/socket/limits.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::realtime_function {
namespace {

using engine::Call;
using engine::Caller;
using engine::SocketNews;
using runtime::Task;

// The client's name for the message that an event or a reply belongs to.
std::string id_of(const std::string& client_id, const std::string& user_message_id) {
  return client_id.empty() ? user_message_id : client_id;
}

// The client's name for a message, if these events have it.
std::string name_in(const std::vector<realtime::Event>& events,
                    const std::string& user_message_id) {
  for (const auto& event : events) {
    if (event.role == "user" && event.message_id == user_message_id) return event.client_id;
  }
  return {};
}

// The newest message, if it is a reply whose server died while writing it. A turn without any text
// leaves an error: it should have made a reply, or continued the one before it.
std::optional<engine::BrokenReply> broken_reply(const std::vector<realtime::Event>& events,
                                                std::int64_t now_ms) {
  std::optional<engine::BrokenReply> unsaid;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->type != "message" && event->type != "error") continue;
    const bool is_error = event->type == "error";
    if (!is_error && event->role != "assistant") return unsaid;
    const auto metadata = json::parse(event->metadata);
    if (!metadata ||
        json::string_at(*metadata, "status") != turn::name(turn::Status::interrupted)) {
      return unsaid;
    }
    // Both are ISO 8601 in UTC, so up to the second the texts compare like the times.
    constexpr std::size_t kUpToSeconds = 19;
    const auto oldest = text::format_timestamp(now_ms - engine::socket_limits::kLongestBreakMs);
    if (event->timestamp.substr(0, kUpToSeconds) < oldest.substr(0, kUpToSeconds)) return unsaid;
    const auto text = [&metadata](std::string_view key) {
      return std::string(json::string_at(*metadata, key).value_or(""));
    };
    const auto user_message_id = text("user_message_id");
    if (user_message_id.empty()) return unsaid;
    auto client_id = text("client_id");
    if (client_id.empty()) client_id = name_in(events, user_message_id);
    const auto id = id_of(client_id, user_message_id);
    if (unsaid && unsaid->message_id != user_message_id) return unsaid;
    if (!is_error) {
      return engine::BrokenReply{id, event->message_id,
                                 unsaid ? unsaid->stream_id : text("stream_id"), false};
    }
    if (!unsaid) unsaid = engine::BrokenReply{id, user_message_id, text("stream_id"), true};
  }
  return unsaid;
}

}  // namespace

RealtimePartner::RealtimePartner(Call& call, std::string session_id, std::string project_id)
    : session_id_(std::move(session_id)),
      project_id_(std::move(project_id)),
      connection_id_(engine::make_call_id(call.context())),
      left_seconds_(call.setting_values().number(settings::named("FABULA_REALTIME_LEFT_SECONDS"))) {
}

SocketNews RealtimePartner::news_of(const realtime::Seen& seen, std::int64_t now_ms) const {
  SocketNews news;
  news.has_more = seen.has_more;
  if (seen.running) {
    news.running = engine::FollowedReply{
        id_of(seen.running->client_id, seen.running->user_message_id), seen.running->stream_id,
        seen.running->generation_id, seen.running->epoch};
  } else if (!seen.has_more) {
    news.broken = broken_reply(seen.events, now_ms);
  }
  return news;
}

Task<Result<SocketNews>> RealtimePartner::open(Call& call, Caller& caller,
                                               const turn::SocketProtocol& protocol,
                                               const turn::said::Hello& hello) {
  tells_events_ = &protocol == &protocols::realtime::kJsonProtocol;
  modes_ = co_await tools::parse_modes(call.setting_values().text(settings::named("FABULA_MODES")));
  const std::string admission = co_await engine::describe_admission(call);
  const auto opened = co_await engine::call_function(call.context(), call.database(),
                                                     database::kOpenRealtimeSession,
                                                     {.principal = caller.principal,
                                                      .session_id = session_id_,
                                                      .connection_id = connection_id_,
                                                      .after_event_id = hello.last_event_id,
                                                      .left_seconds = left_seconds_,
                                                      .project_id = project_id_,
                                                      .admission = admission});
  is_mode_chosen_ = opened.is_begun;
  mode_ = tools::find_mode(modes_, opened.mode);
  if (caller.principal.kind == auth::Principal::Kind::new_guest) {
    caller.principal.kind = auth::Principal::Kind::guest;
  }
  call.log().user_id = opened.user_id;
  call.log().session_id = opened.session_id;
  const auto& seen = opened.seen;
  // A client may know events that this session never had, from a deleted database.
  last_event_id_ = seen.events.empty() ? seen.last_event_id : seen.events.back().id;
  SocketNews news = news_of(seen, runtime::now_ms(call.context()));
  if (tells_events_) {
    std::string ready;
    protocols::realtime::write_ready(
        ready, {.session_id = opened.external_id,
                .user_id = opened.user_id,
                .new_guest_token = caller.new_guest_token,
                .start_time = opened.start_time,
                .last_event_id = seen.last_event_id,
                .events = seen.events,
                .has_more = seen.has_more,
                .running = news.running ? std::string_view(news.running->id) : std::string_view()});
    news.messages.push_back(std::move(ready));
  }
  co_return news;
}

Task<Result<SocketNews>> RealtimePartner::look(Call& call, const Caller& caller) {
  const auto seen = co_await engine::call_function(call.context(), call.database(),
                                                   database::kLookAtRealtimeSession,
                                                   {.principal = caller.principal,
                                                    .session_id = session_id_,
                                                    .connection_id = connection_id_,
                                                    .after_event_id = last_event_id_,
                                                    .left_seconds = left_seconds_});
  SocketNews news = news_of(seen, runtime::now_ms(call.context()));
  for (const auto& event : seen.events) {
    last_event_id_ = event.id;
    if (!tells_events_) continue;
    std::string message;
    protocols::realtime::write_event(message, event);
    news.messages.push_back(std::move(message));
  }
  co_return news;
}

Task<void> RealtimePartner::leave(Call& call, const Caller& caller) {
  // If it fails, the connection counts as gone after a minute without a call.
  co_await runtime::attempt(engine::call_function(call.context(), call.database(),
                                                  database::kLeaveRealtimeSession,
                                                  {.principal = caller.principal,
                                                   .session_id = session_id_,
                                                   .connection_id = connection_id_,
                                                   .left_seconds = left_seconds_}));
}

std::unique_ptr<engine::Conversation> RealtimePartner::make_conversation() {
  return std::make_unique<RealtimeConversation>(mode_);
}

// The first message of the conversation chooses its mode permanently.
Result<void> RealtimePartner::choose_mode(const turn::said::Message& message) {
  if (is_mode_chosen_) return {};
  if (message.mode.empty()) {
    mode_ = tools::choose_mode(modes_, message.text);
  } else {
    mode_ = tools::find_mode(modes_, message.mode);
    if (!mode_) {
      return problem(
          ErrorCode::invalid_request,
          "There is no mode of this name. Leave mode out, or send one that is configured.");
    }
  }
  is_mode_chosen_ = true;
  return {};
}

Task<Result<engine::TurnRequest>> RealtimePartner::request(Call& call, const turn::Kind& kind,
                                                           const turn::said::Message& message) {
  co_await choose_mode(message);
  engine::TurnRequest request{
      .kind = &kind, .text = message.text, .external_id = session_id_, .reasoning = true};
  json::Writer writer(request.message_metadata);
  writer.begin_object();
  if (mode_) writer.key("task").string(mode_->name);
  if (!message.id.empty()) {
    // A message that is sent again, on any connection, is the same turn.
    const std::string named =
        co_await engine::sha256_hex(call.context(), session_id_ + "\n" + message.id);
    request.idempotency_key = "realtime:" + named;
    request.request_hash = co_await engine::sha256_hex(call.context(), message.text);
    writer.key("client_id").string(message.id);
  }
  writer.end_object();
  co_return request;
}

}  // namespace fabula::realtime_function

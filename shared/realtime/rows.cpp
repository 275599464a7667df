#include "shared/realtime/rows.hpp"

#include <utility>

#include "shared/json/document.hpp"

namespace fabula::realtime {
namespace {

void write_or_null(json::Writer& writer, std::string_view key, std::string_view value) {
  writer.key(key);
  if (value.empty()) {
    writer.null();
  } else {
    writer.string(value);
  }
}

void write_connection(json::Writer& writer, const auth::Principal& principal,
                      std::string_view session_id, std::string_view connection_id,
                      std::int64_t left_seconds) {
  writer.key("principal");
  auth::write_principal(writer, principal);
  writer.key("session_id").string(session_id);
  writer.key("connection_id").string(connection_id);
  writer.key("left_seconds").integer(left_seconds);
}

// Empty for null.
std::string text_at(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

std::optional<Event> read_event(const json::Document& row) {
  const auto id = json::integer_at(row, "id");
  const auto role = json::string_at(row, "role");
  const auto type = json::string_at(row, "type");
  const auto content = json::string_at(row, "content");
  const auto* metadata = json::find(row, "metadata");
  if (!id || *id < 1 || !role || !type || !content || !metadata || !metadata->is_object()) {
    return std::nullopt;
  }
  return Event{.id = *id,
               .role = std::string(*role),
               .type = std::string(*type),
               .content = std::string(*content),
               .timestamp = text_at(row, "timestamp"),
               .message_id = text_at(row, "message_id"),
               .client_id = text_at(row, "client_id"),
               .metadata = json::dump(*metadata)};
}

std::optional<RunningTurn> read_running(const json::Document& row) {
  const auto generation_id = json::string_at(row, "generation_id");
  const auto epoch = json::integer_at(row, "epoch");
  const auto text_bytes = json::integer_at(row, "text_bytes");
  if (!generation_id || !epoch || !text_bytes || *text_bytes < 0) return std::nullopt;
  return RunningTurn{.stream_id = text_at(row, "stream_id"),
                     .generation_id = std::string(*generation_id),
                     .message_id = text_at(row, "message_id"),
                     .user_message_id = text_at(row, "user_message_id"),
                     .client_id = text_at(row, "client_id"),
                     .epoch = *epoch,
                     .text_bytes = static_cast<std::uint64_t>(*text_bytes)};
}

std::optional<Seen> seen_of(const json::Document& answer) {
  const auto last_event_id = json::integer_at(answer, "last_event_id");
  const auto has_more = json::boolean_at(answer, "has_more");
  const auto* events = json::find(answer, "events");
  const auto* running = json::find(answer, "running");
  if (!last_event_id || *last_event_id < 0 || !has_more || !events || !events->is_array()) {
    return std::nullopt;
  }
  Seen seen;
  seen.last_event_id = *last_event_id;
  seen.has_more = *has_more;
  seen.events.reserve(events->size());
  for (const auto& row : *events) {
    auto event = read_event(row);
    if (!event) return std::nullopt;
    seen.events.push_back(*std::move(event));
  }
  if (running && !running->is_null()) {
    seen.running = read_running(*running);
    if (!seen.running) return std::nullopt;
  }
  return seen;
}

}  // namespace

void write_event(json::Writer& writer, const Event& event) {
  writer.begin_object().key("id").integer(event.id);
  writer.key("role").string(event.role).key("type").string(event.type);
  writer.key("content").string(event.content).key("timestamp").string(event.timestamp);
  write_or_null(writer, "message_id", event.message_id);
  write_or_null(writer, "client_id", event.client_id);
  writer.key("metadata").raw(event.metadata).end_object();
}

void write_open_session(std::string& out, const OpenSession& request) {
  json::Writer writer(out);
  writer.begin_object();
  write_connection(writer, request.principal, request.session_id, request.connection_id,
                   request.left_seconds);
  if (request.after_event_id) writer.key("after_event_id").integer(*request.after_event_id);
  if (!request.project_id.empty()) writer.key("project_id").string(request.project_id);
  if (!request.admission.empty()) writer.key("admission").raw(request.admission);
  writer.key("limit").integer(request.limit).end_object();
}

std::optional<OpenedSession> read_opened_session(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  const auto user_id = json::string_at(*document, "user_id");
  const auto session_id = json::string_at(*document, "session_id");
  const auto is_new = json::boolean_at(*document, "is_new");
  auto seen = seen_of(*document);
  if (!user_id || !session_id || !is_new || !seen) return std::nullopt;
  return OpenedSession{.user_id = std::string(*user_id),
                       .session_id = std::string(*session_id),
                       .external_id = text_at(*document, "external_id"),
                       .is_new = *is_new,
                       .is_begun = json::boolean_at(*document, "is_begun").value_or(false),
                       .mode = text_at(*document, "mode"),
                       .start_time = text_at(*document, "start_time"),
                       .seen = *std::move(seen)};
}

void write_look(std::string& out, const Look& request) {
  json::Writer writer(out);
  writer.begin_object();
  write_connection(writer, request.principal, request.session_id, request.connection_id,
                   request.left_seconds);
  writer.key("after_event_id").integer(request.after_event_id);
  writer.key("limit").integer(request.limit).end_object();
}

std::optional<Seen> read_seen(std::string answer) {
  const auto document = json::parse(answer);
  if (!document) return std::nullopt;
  return seen_of(*document);
}

void write_leave(std::string& out, const Leave& request) {
  json::Writer writer(out);
  writer.begin_object();
  write_connection(writer, request.principal, request.session_id, request.connection_id,
                   request.left_seconds);
  writer.end_object();
}

void write_add_event(std::string& out, const AddEvent& request) {
  json::Writer writer(out);
  writer.begin_object().key("principal");
  auth::write_principal(writer, request.principal);
  writer.key("session_id").string(request.session_id);
  write_or_null(writer, "generation_id", request.generation_id);
  writer.key("type").string(request.type).key("role").string(request.role);
  writer.key("content").string(request.content).key("metadata").raw(request.metadata);
  writer.end_object();
}

std::optional<AddedEvent> read_added_event(std::string answer) {
  const auto document = json::parse(answer);
  const auto id = document ? json::integer_at(*document, "id") : std::nullopt;
  if (!id) return std::nullopt;
  return AddedEvent{*id};
}

}  // namespace fabula::realtime

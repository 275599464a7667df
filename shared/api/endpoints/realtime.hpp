// The endpoints of the realtime function.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::realtime {

inline constexpr std::array kSessionFields{
    Field{.name = "session_id",
          .description = "The session, as its clients call it.",
          .is_required = true},
    Field{.name = "conversation_id",
          .type = Type::uuid,
          .description = "Its id among all conversations (`/sessions`).",
          .is_required = true},
    Field{.name = "user_id", .type = Type::uuid, .description = "The owner.", .is_required = true},
    Field{.name = "start_time",
          .type = Type::timestamp,
          .description = "The time of its first connection.",
          .is_required = true},
    Field{.name = "end_time",
          .type = Type::timestamp,
          .description = "When it was left; null while it goes on.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "summary",
          .description = "Its summary; null until it has been left and summarised.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "last_event_id",
          .type = Type::integer,
          .description = "The id of its newest event; 0 without any.",
          .is_required = true},
};
inline constexpr Schema kSession{"RealtimeSession", "One live conversation.", kSessionFields};

inline constexpr std::array<std::string_view, 4> kEventRoles{"user", "assistant", "system", "tool"};
inline constexpr std::array<std::string_view, 5> kEventTypes{"message", "error", "tool_call",
                                                             "tool_result", "system"};

inline constexpr std::array kEventMetadataFields{
    Field{.name = "finish_reason", .description = "For a reply: why it ended."},
    Field{.name = "status", .description = "For a reply: complete, or how it broke off."},
    Field{.name = "is_complete",
          .type = Type::boolean,
          .description = "For a reply: false when it broke off."},
    Field{.name = "error_code", .description = "For a reply that broke off: the error's code."},
    Field{.name = "stream_id", .description = "For a reply: its stream."},
    Field{.name = "user_message_id",
          .type = Type::uuid,
          .description = "For a reply: the message that it answers."},
    Field{.name = "client_id", .description = "The client's own name for that message."},
    Field{.name = "is_edited",
          .type = Type::boolean,
          .description = "Whether a person has changed the text."},
    Field{.name = "parent_id",
          .type = Type::uuid,
          .description = "For a user's message: the message before it."},
};
inline constexpr Schema kEventMetadata{"RealtimeEventMetadata", "Further facts about an event.",
                                       kEventMetadataFields, "true"};

inline constexpr std::array kEventFields{
    Field{.name = "id",
          .type = Type::integer,
          .description = "Grows from event to event.",
          .is_required = true},
    Field{.name = "role", .description = "Its role.", .is_required = true, .choices = kEventRoles},
    Field{.name = "type", .description = "Its type.", .is_required = true, .choices = kEventTypes},
    Field{.name = "content",
          .description = "The text at that time; for an error its code.",
          .is_required = true},
    Field{.name = "timestamp",
          .type = Type::timestamp,
          .description = "The time of the event.",
          .is_required = true},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message that it is about.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "client_id",
          .description = "The client's own name for its message.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "metadata",
          .type = Type::object,
          .description = "Further facts, such as a reply's `finish_reason` and `is_complete`.",
          .is_required = true,
          .schema = &kEventMetadata},
};
inline constexpr Schema kEvent{"RealtimeEvent", "Something that happened in a live conversation.",
                               kEventFields};

inline constexpr std::array kListFields{limit_field("20"), kOffsetField};
inline constexpr Schema kListQuery{"RealtimeSessionsQuery", "", kListFields};

inline constexpr std::int64_t kLargestEventId = (std::int64_t{1} << 53) - 1;

inline constexpr std::array kEventsFields{
    limit_field("50"),
    Field{.name = "after",
          .type = Type::integer,
          .description = "The id of the last event that is known: those after it are listed.",
          .maximum = kLargestEventId,
          .default_json = "0"},
};
inline constexpr Schema kEventsQuery{"RealtimeEventsQuery", "", kEventsFields};

inline constexpr Operation kListSessions{
    .id = "list_realtime_sessions",
    .method = "GET",
    .pattern = "/realtime/sessions",
    .summary = "The caller's live conversations, the newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kSession, .description = "A page of them."}};

inline constexpr Operation kReadSession{
    .id = "read_realtime_session",
    .method = "GET",
    .pattern = "/realtime/sessions/{realtime_session_id}",
    .summary = "One live conversation, with its summary when it has been left",
    .answer = {.schema = &kSession, .description = "The session."}};

inline constexpr Operation kListEvents{
    .id = "list_realtime_events",
    .method = "GET",
    .pattern = "/realtime/sessions/{realtime_session_id}/events",
    .summary = "The events of a live conversation, the oldest first",
    .query = &kEventsQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kEvent, .description = "A page of them."}};

inline constexpr Operation kHealth{.id = "realtime_health",
                                   .method = "GET",
                                   .pattern = "/realtime/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "realtime_ready",
                                  .method = "GET",
                                  .pattern = "/realtime/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr std::array kOperations{kListSessions, kReadSession, kListEvents, kHealth, kReady};

}  // namespace fabula::api::realtime

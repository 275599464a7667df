// The endpoints of the sessions function.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/path_parameter.hpp"

namespace fabula::api::sessions {

inline constexpr std::array kRunningFields{
    Field{.name = "stream_id",
          .description = "By which the reply is resumed or cancelled.",
          .is_required = true},
    Field{
        .name = "message_id", .type = Type::uuid, .description = "The reply.", .is_required = true},
    Field{.name = "started_at",
          .type = Type::timestamp,
          .description = "The time of its beginning.",
          .is_required = true},
};
inline constexpr Schema kRunning{"RunningReply", "A reply that is being written.", kRunningFields};

inline constexpr std::array kSessionFields{
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = "The session.",
          .is_required = true},
    Field{.name = "user_id", .type = Type::uuid, .description = "The owner.", .is_required = true},
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The session's project.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "project_title",
          .description = "The project's name.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "kind",
          .description = "The kind of conversation.",
          .is_required = true,
          .choices = kSessionKinds},
    Field{.name = "external_id",
          .description = "The caller's own name of it.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "title", .description = "Its title.", .is_required = true},
    Field{.name = "is_active",
          .type = Type::boolean,
          .description = "False when it is deleted.",
          .is_required = true},
    Field{.name = "message_count",
          .type = Type::integer,
          .description = "The number of messages on the path to the active one.",
          .is_required = true},
    Field{.name = "last_message_preview",
          .description = "The first 200 characters of the newest message.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "active_leaf_id",
          .type = Type::uuid,
          .description = "The message that the session goes on from.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "running",
          .type = Type::object,
          .description = "The reply that is being written; null when there is none.",
          .is_required = true,
          .is_nullable = true,
          .schema = &kRunning},
    Field{.name = "instructions",
          .description = "Instructions for its models, after the project's.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "model",
          .description = "The model of its turns, as provider:model; null: the server's choice.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "temperature",
          .type = Type::number,
          .description = "The temperature of its turns; null: the model's own.",
          .is_required = true,
          .is_nullable = true,
          .maximum = 2},
    Field{.name = "max_tokens",
          .type = Type::integer,
          .description = "The most tokens of a reply; null: the server's limit.",
          .is_required = true,
          .is_nullable = true,
          .minimum = 1},
    kCreatedAt,
    kUpdatedAt,
    Field{.name = "last_message_at",
          .type = Type::timestamp,
          .description = "The time of the last message.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kSession{"Session", "One conversation.", kSessionFields};

inline constexpr std::array kListFields{
    limit_field("20"),
    kOffsetField,
    Field{.name = "project_id", .type = Type::uuid, .description = "Only this project's."},
    Field{.name = "kind", .description = "Only of this kind.", .choices = kSessionKinds},
    Field{.name = "external_id",
          .description = "Only of this name, which is the caller's own.",
          .minimum = 1,
          .maximum = kMaximumSessionNameCharacters},
};
inline constexpr Schema kListQuery{"SessionsQuery", "", kListFields};

inline constexpr std::array kMessagesFields{
    limit_field("50"),
    kOffsetField,
    Field{.name = "order",
          .description = "asc: pages from the oldest message; desc: from the newest, newest first. "
                         "Without it pages are counted from the newest and ascend inside.",
          .choices = kDirections},
};
inline constexpr Schema kMessagesQuery{"MessagesQuery", "", kMessagesFields};

inline constexpr std::array kUpdateFields{
    Field{.name = "title",
          .description = "The session's new title.",
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    instructions_field("What its models are told, after the project's instructions: a persona, a "
                       "style guide. Null removes it."),
    model_field(true),
    temperature_field(true),
    max_tokens_field(true),
};
inline constexpr Schema kUpdate{"SessionUpdate", "Changes of a session.", kUpdateFields};

// The limit of a request's head, which carries the token.
inline constexpr std::int64_t kMaximumTokenBytes = 8192;

inline constexpr std::array kMigrateFields{
    Field{.name = "temp_user_id",
          .type = Type::uuid,
          .description = "The guest's id.",
          .is_required = true},
    Field{.name = "permanent_user_id",
          .type = Type::uuid,
          .description = "The account's id: the caller's own.",
          .is_required = true},
    Field{.name = "guest_token",
          .description = "The proof of the guest: its token, or an anonymous user's access token.",
          .is_required = true,
          .maximum_bytes = kMaximumTokenBytes,
          .is_not_blank = true},
};
inline constexpr Schema kMigrate{"GuestMigrationRequest", "A guest who has an account now.",
                                 kMigrateFields};

inline constexpr std::array kMigratedFields{
    Field{
        .name = "projects", .type = Type::integer, .description = "Projects.", .is_required = true},
    Field{
        .name = "sessions", .type = Type::integer, .description = "Sessions.", .is_required = true},
    Field{
        .name = "messages", .type = Type::integer, .description = "Messages.", .is_required = true},
    Field{
        .name = "dossiers", .type = Type::integer, .description = "Dossiers.", .is_required = true},
};
inline constexpr Schema kMigrated{"Migrated", "The amounts that were moved.", kMigratedFields};

inline constexpr std::array kMigrationFields{
    Field{.name = "message", .description = "The result, in words.", .is_required = true},
    Field{.name = "already",
          .type = Type::boolean,
          .description = "Whether it had already been done before.",
          .is_required = true},
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = "The new owner of everything.",
          .is_required = true},
    Field{.name = "migrated",
          .type = Type::object,
          .description = "The amounts that were moved.",
          .is_required = true,
          .schema = &kMigrated},
};
inline constexpr Schema kMigration{
    "GuestMigration", "The result of moving a guest's data to an account.", kMigrationFields};

inline constexpr std::array kDeletedFields{
    Field{.name = "message", .description = "The result, in words.", .is_required = true},
    Field{.name = "deleted",
          .type = Type::integer,
          .description = "The number of deleted sessions.",
          .is_required = true},
};
inline constexpr Schema kDeleted{"DeletedSessions", "All sessions were deleted.", kDeletedFields};

inline constexpr std::array kMigrationRefusals{ErrorCode::forbidden};

inline constexpr Operation kListSessions{
    .id = "list_sessions",
    .method = "GET",
    .pattern = "/sessions",
    .summary = "The caller's sessions, the newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kSession, .description = "A page of them."}};

inline constexpr Operation kDeleteSessions{
    .id = "delete_sessions",
    .method = "DELETE",
    .pattern = "/sessions",
    .summary = "Delete all of the caller's sessions",
    .answer = {.schema = &kDeleted, .description = "They are deleted."}};

inline constexpr Operation kHealth{.id = "sessions_health",
                                   .method = "GET",
                                   .pattern = "/sessions/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "sessions_ready",
                                  .method = "GET",
                                  .pattern = "/sessions/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kMigrateGuest{
    .id = "migrate_guest",
    .method = "POST",
    .pattern = "/sessions/migrate",
    .summary = "Move a guest's data to the caller's account",
    .body = &kMigrate,
    .maximum_body_bytes = kMostEscapedBytes * kMaximumTokenBytes + kSmallBodyBytes,
    .answer = {.schema = &kMigration, .description = "It is moved, now or before."},
    .refusals = kMigrationRefusals,
    .description =
        "The bearer proves the account, the body the guest. The request may be repeated: data that "
        "has been moved is not moved again."};

inline constexpr Operation kReadSession{
    .id = "read_session",
    .method = "GET",
    .pattern = "/sessions/{session_id}",
    .summary = "One session",
    .answer = {.schema = &kSession, .description = "The session.", .has_etag = true}};

inline constexpr Operation kUpdateSession{
    .id = "update_session",
    .method = "PATCH",
    .pattern = "/sessions/{session_id}",
    .summary = "Change a session",
    .body = &kUpdate,
    .maximum_body_bytes = kMostEscapedBytes * kMaximumInstructionsBytes + kSmallBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kSession, .description = "The session as it is now."}};

inline constexpr Operation kDeleteSession{
    .id = "delete_session",
    .method = "DELETE",
    .pattern = "/sessions/{session_id}",
    .summary = "Delete a session",
    .answer = {.schema = &kDone, .description = "It is deleted."}};

inline constexpr Operation kListMessages{
    .id = "list_messages",
    .method = "GET",
    .pattern = "/sessions/{session_id}/messages",
    .summary = "A session's messages on the path to the active one, and the running reply",
    .query = &kMessagesQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kMessage, .description = "A page of them."},
    .description =
        "A reply that is being written is the last message: with the text that is saved "
        "of it, `is_complete` false, and `status` streaming beside its `stream_id` in "
        "its metadata."};

inline constexpr std::array kOperations{kListSessions,  kDeleteSessions, kHealth,
                                        kReady,         kMigrateGuest,   kReadSession,
                                        kUpdateSession, kDeleteSession,  kListMessages};

}  // namespace fabula::api::sessions

// The endpoints of the sessions function.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/told.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::sessions::inline FABULA_API_TABLES {

inline constexpr std::array kSessionFields{
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = told("The session."),
          .is_required = true},
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = told("Whose it is."),
          .is_required = true},
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = told("The project it belongs to."),
          .is_required = true,
          .is_nullable = true},
    Field{.name = "project_title",
          .description = told("The project's name."),
          .is_required = true,
          .is_nullable = true},
    Field{.name = "kind",
          .description = told("What it is used for."),
          .is_required = true,
          .choices = kSessionKinds},
    Field{.name = "title", .description = told("Its title."), .is_required = true},
    Field{.name = "is_active",
          .type = Type::boolean,
          .description = told("False when it is deleted."),
          .is_required = true},
    Field{.name = "message_count",
          .type = Type::integer,
          .description = told("The messages on the path to the active one."),
          .is_required = true},
    Field{.name = "last_message_preview",
          .description = told("The first 200 characters of the newest message."),
          .is_required = true,
          .is_nullable = true},
    Field{.name = "active_leaf_id",
          .type = Type::uuid,
          .description = told("The message that the session goes on from."),
          .is_required = true,
          .is_nullable = true},
    kCreatedAt,
    kUpdatedAt,
    Field{.name = "last_message_at",
          .type = Type::timestamp,
          .description = told("When something was last said."),
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kSession{"Session", told("One conversation."), kSessionFields};

inline constexpr std::array kListFields{
    limit_field("20"),
    kOffsetField,
    Field{.name = "project_id", .type = Type::uuid, .description = told("Only this project's.")},
    Field{.name = "kind", .description = told("Only of this kind."), .choices = kSessionKinds},
};
inline constexpr Schema kListQuery{"SessionsQuery", told(""), kListFields};

inline constexpr std::array kMessagesFields{
    limit_field("50"),
    kOffsetField,
    Field{.name = "order",
          .description =
              told("asc: pages from the oldest message; desc: from the newest, newest first. "
                   "Without it pages are counted from the newest and ascend inside."),
          .choices = kDirections},
};
inline constexpr Schema kMessagesQuery{"MessagesQuery", told(""), kMessagesFields};

inline constexpr std::array kUpdateFields{
    Field{.name = "title",
          .description = told("The session's new title."),
          .is_required = true,
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
};
inline constexpr Schema kUpdate{"SessionUpdate", told("A session's new title."), kUpdateFields};

// As long as a request's head may be.
inline constexpr std::int64_t kMaximumTokenBytes = 8192;

inline constexpr std::array kMigrateFields{
    Field{.name = "temp_user_id",
          .type = Type::uuid,
          .description = told("The guest's id."),
          .is_required = true},
    Field{.name = "permanent_user_id",
          .type = Type::uuid,
          .description = told("The account's id: the caller's own."),
          .is_required = true},
    Field{.name = "guest_token",
          .description =
              told("What proves the guest: its token, or an anonymous user's access token."),
          .is_required = true,
          .maximum_bytes = kMaximumTokenBytes,
          .is_not_blank = true},
};
inline constexpr Schema kMigrate{"GuestMigrationRequest", told("A guest who has an account now."),
                                 kMigrateFields};

inline constexpr std::array kMigratedFields{
    Field{.name = "projects",
          .type = Type::integer,
          .description = told("Projects."),
          .is_required = true},
    Field{.name = "sessions",
          .type = Type::integer,
          .description = told("Sessions."),
          .is_required = true},
    Field{.name = "messages",
          .type = Type::integer,
          .description = told("Messages."),
          .is_required = true},
    Field{.name = "dossiers",
          .type = Type::integer,
          .description = told("Dossiers."),
          .is_required = true},
};
inline constexpr Schema kMigrated{"Migrated", told("How much was moved."), kMigratedFields};

inline constexpr std::array kMigrationFields{
    Field{.name = "message", .description = told("What was done."), .is_required = true},
    Field{.name = "already",
          .type = Type::boolean,
          .description = told("True when it had been done before."),
          .is_required = true},
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = told("Whose everything is now."),
          .is_required = true},
    Field{.name = "migrated",
          .type = Type::object,
          .description = told("How much was moved."),
          .is_required = true,
          .schema = &kMigrated},
};
inline constexpr Schema kMigration{"GuestMigration", told("What was moved to the account."),
                                   kMigrationFields};

inline constexpr std::array kDeletedFields{
    Field{.name = "message", .description = told("What was done."), .is_required = true},
    Field{.name = "deleted",
          .type = Type::integer,
          .description = told("How many sessions were deleted."),
          .is_required = true},
};
inline constexpr Schema kDeleted{"DeletedSessions", told("All sessions were deleted."),
                                 kDeletedFields};

inline constexpr std::array kMigrationRefusals{ErrorCode::forbidden, ErrorCode::rate_limited};

inline constexpr Operation kListSessions{.id = "list_sessions",
                                         .method = "GET",
                                         .pattern = "/sessions",
                                         .summary = told("The caller's sessions, the newest first"),
                                         .query = &kListQuery,
                                         .answer = {.kind = AnswerKind::list,
                                                    .schema = told(kSession),
                                                    .description = told("A page of them.")}};

inline constexpr Operation kDeleteSessions{
    .id = "delete_sessions",
    .method = "DELETE",
    .pattern = "/sessions",
    .summary = told("Delete all of the caller's sessions"),
    .answer = {.schema = told(kDeleted), .description = told("They are deleted.")}};

inline constexpr Operation kHealth{
    .id = "sessions_health",
    .method = "GET",
    .pattern = "/sessions/health",
    .summary = told("Whether the function runs"),
    .access = Access::anyone,
    .answer = {.schema = told(api::kHealth), .description = told("It runs.")}};

inline constexpr Operation kMigrateGuest{
    .id = "migrate_guest",
    .method = "POST",
    .pattern = "/sessions/migrate",
    .summary = told("Move what a guest wrote to the caller's account"),
    .body = &kMigrate,
    .answer = {.schema = told(kMigration), .description = told("It is moved, now or before.")},
    .refusals = kMigrationRefusals};

inline constexpr Operation kReadSession{
    .id = "read_session",
    .method = "GET",
    .pattern = "/sessions/{session_id}",
    .summary = told("One session"),
    .answer = {.schema = told(kSession), .description = told("The session."), .has_etag = true}};

inline constexpr Operation kUpdateSession{
    .id = "update_session",
    .method = "PATCH",
    .pattern = "/sessions/{session_id}",
    .summary = told("Give a session another title"),
    .body = &kUpdate,
    .takes_if_match = true,
    .answer = {.schema = told(kSession), .description = told("The session as it is now.")}};

inline constexpr Operation kDeleteSession{
    .id = "delete_session",
    .method = "DELETE",
    .pattern = "/sessions/{session_id}",
    .summary = told("Delete a session"),
    .answer = {.schema = told(kDone), .description = told("It is deleted.")}};

inline constexpr Operation kListMessages{
    .id = "list_messages",
    .method = "GET",
    .pattern = "/sessions/{session_id}/messages",
    .summary = told("A session's messages on the path to the active one"),
    .query = &kMessagesQuery,
    .answer = {.kind = AnswerKind::list,
               .schema = told(kMessage),
               .description = told("A page of them.")}};

inline constexpr std::array kOperations{kListSessions,  kDeleteSessions, kHealth,
                                        kMigrateGuest,  kReadSession,    kUpdateSession,
                                        kDeleteSession, kListMessages};

}  // namespace fabula::api::sessions::inline FABULA_API_TABLES

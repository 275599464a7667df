// The endpoint for everything that is the caller's, which the users function serves.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/operation.hpp"

namespace fabula::api::users {

inline constexpr std::int64_t kMaximumCursorCharacters = 1024;

inline constexpr std::array kExportFields{
    Field{.name = "after",
          .type = Type::token,
          .description = "The cursor of the last whole line of an export that broke off.",
          .minimum = 1,
          .maximum = kMaximumCursorCharacters},
};
inline constexpr Schema kExportQuery{"AccountExportQuery", "Where an export goes on.",
                                     kExportFields};

inline constexpr std::array<std::string_view, 1> kExportTypes{"application/x-ndjson"};

inline constexpr Operation kExportAccount{
    .id = "export_account",
    .method = "GET",
    .pattern = "/users/me/export",
    .summary = "Everything that is the caller's",
    .query = &kExportQuery,
    .answer = {.kind = AnswerKind::file,
               .description = "JSON lines, each an object with its type, its data and a cursor.",
               .media_types = kExportTypes},
    .description =
        "Each line is {\"type\", \"data\", \"cursor\"}. The types are account, profile, plan, "
        "project, dossier, dossier_entry, story, story_part, story_version, story_illustration, "
        "story_answer, session, message, message_revision, summary, live_session, live_event, "
        "character, memory, memory_entry, bot, job, import_text and model_call. The last line is "
        "{\"type\": \"complete\", \"lines\", \"counts\"}: without it the export is not whole. Then "
        "request the rest with after, the cursor of the last whole line; so also after a line of "
        "the type incomplete, which ends a long export, or error. Files in Storage are named by "
        "their paths."};

}  // namespace fabula::api::users

// Endpoints of the dossier function for the import of existing texts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::dossier {

inline constexpr std::int64_t kMaximumImportBytes = 1024 * 1024;
inline constexpr std::uint32_t kMaximumImportBodyBytes =
    kMostEscapedBytes * kMaximumImportBytes + kSmallBodyBytes;
inline constexpr std::int64_t kMaximumImportTitleCharacters = 200;

inline constexpr std::array<std::string_view, 2> kImportFormats{"markdown", "plain"};
inline constexpr std::array<std::string_view, 5> kImportStatuses{"queued", "running", "done",
                                                                 "failed", "cancelled"};

inline constexpr std::array kImportRequestFields{
    Field{.name = "text",
          .description = "A manuscript or notes, in Markdown or plain text.",
          .is_required = true,
          .maximum_bytes = kMaximumImportBytes,
          .is_not_blank = true},
    Field{.name = "title",
          .description = "The text's title; without it the title in the text itself.",
          .maximum = kMaximumImportTitleCharacters},
    Field{.name = "format",
          .description = "The text's format.",
          .choices = kImportFormats,
          .default_json = "\"markdown\""},
};
inline constexpr Schema kImportRequest{"ImportRequest", "A text to import.", kImportRequestFields};

constexpr Field import_count(std::string_view name, std::string_view description) {
  return {.name = name, .type = Type::integer, .description = description, .is_required = true};
}

inline constexpr Field kImportTaskField{
    .name = "task_id", .type = Type::uuid, .description = "The import.", .is_required = true};
inline constexpr Field kImportProjectField{
    .name = "project_id", .type = Type::uuid, .description = "The project.", .is_required = true};
inline constexpr Field kImportTitleField{
    .name = "title", .description = "The text's title.", .is_required = true, .is_nullable = true};
inline constexpr Field kImportStatusField{.name = "status",
                                          .description = "`failed`: no part could be read.",
                                          .is_required = true,
                                          .choices = kImportStatuses};
inline constexpr Field kImportChaptersField =
    import_count("chapters", "The number of the text's chapters.");
inline constexpr Field kImportStepsField = import_count("steps", "The number of parts to read.");
inline constexpr Field kImportDoneField = import_count("steps_done", "Parts that have been read.");
inline constexpr Field kImportFailedField =
    import_count("steps_failed", "Parts that could not be read.");
inline constexpr Field kImportProgressField = import_count("progress", "In percent.");
inline constexpr Field kImportProposalsField{
    .name = "proposals",
    .type = Type::array,
    .description =
        "The ids of its proposals so far, in the order of the text: accept or reject them at "
        "/dossier/{project_id}/proposals.",
    .is_required = true,
    .item = Type::token};
inline constexpr Field kImportErrorField{.name = "error",
                                         .description = "The first error, if there was any.",
                                         .is_required = true,
                                         .is_nullable = true};
inline constexpr std::array kStepFailureFields{
    import_count("step", "The number of the part, from 1 on."),
    Field{.name = "chapter",
          .type = Type::integer,
          .description = "The number of its chapter; null: not of an imported text.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "chapter_title",
          .description = "The title of its chapter.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The first message that it was about; null: not of a conversation.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "code",
          .description = "The stable code of the last failure, such as `provider_unauthorized`.",
          .is_required = true},
    Field{.name = "message",
          .description = "The failure in a sentence that says what to do.",
          .is_required = true},
    Field{.name = "is_given_up",
          .type = Type::boolean,
          .description = "Whether it is not tried again.",
          .is_required = true},
    Field{.name = "retry_at",
          .type = Type::timestamp,
          .description = "When it is tried again.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kStepFailure{
    "ReadingFailure", "The reason why a part could not be read so far.", kStepFailureFields};
inline constexpr Field kImportFailuresField{
    .name = "failures",
    .type = Type::array,
    .description = "The parts that could not be read so far, and why, in the order of the text.",
    .is_required = true,
    .schema = &kStepFailure};
inline constexpr Field kImportFinishedField{.name = "finished_at",
                                            .type = Type::timestamp,
                                            .description = "The time of its end.",
                                            .is_required = true,
                                            .is_nullable = true};

inline constexpr std::array kImportFields{
    kImportTaskField,     kImportProjectField,   kImportTitleField, kImportStatusField,
    kImportChaptersField, kImportStepsField,     kImportDoneField,  kImportFailedField,
    kImportProgressField, kImportProposalsField, kImportErrorField, kImportFailuresField,
    kCreatedAt,           kImportFinishedField};
inline constexpr Schema kImport{"Import", "A text that is read for a dossier.", kImportFields};

inline constexpr auto kStartedImportFields = [] {
  std::array<Field, kImportFields.size() + 1> fields;
  std::copy(kImportFields.begin(), kImportFields.end(), fields.begin());
  fields.back() = {.name = "status_url",
                   .type = Type::url,
                   .description = "The address that reports the import's progress.",
                   .is_required = true};
  return fields;
}();
inline constexpr Schema kStartedImport{"StartedImport", "A text that will be read.",
                                       kStartedImportFields};

inline constexpr std::array<std::string_view, 2> kReadingKinds{"conversation", "import"};
inline constexpr std::array<std::string_view, 6> kReadingStatuses{"queued", "running", "paused",
                                                                  "done",   "failed",  "cancelled"};
inline constexpr std::array kReadingFields{
    Field{.name = "task_id",
          .type = Type::uuid,
          .description = "The reading; of an import, the import.",
          .is_required = true},
    Field{.name = "kind",
          .description = "The kind of text that is read.",
          .is_required = true,
          .choices = kReadingKinds},
    Field{.name = "session_id",
          .type = Type::uuid,
          .description = "The conversation; null: an imported text.",
          .is_required = true,
          .is_nullable = true},
    kImportTitleField,
    Field{.name = "status",
          .description = "`failed`: it was given up.",
          .is_required = true,
          .choices = kReadingStatuses},
    kImportStepsField,
    kImportDoneField,
    kImportFailedField,
    kImportFailuresField,
    kCreatedAt,
    kImportFinishedField};
inline constexpr Schema kReading{
    "DossierReading", "A conversation or a text that is read for a dossier.", kReadingFields};

inline constexpr std::array kImportRefusals{ErrorCode::not_found, ErrorCode::import_in_progress};

inline constexpr Operation kStartImport{
    .id = "start_import",
    .method = "POST",
    .pattern = "/dossier/{project_id}/import",
    .summary = "Read a text for proposals to a dossier",
    .body = &kImportRequest,
    .maximum_body_bytes = kMaximumImportBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 202,
               .schema = &kStartedImport,
               .description = "It will be read.",
               .location = "/dossier/{project_id}/import/{task_id}"},
    .spends = true,
    .refusals = kImportRefusals,
    .description =
        "The text is cut into chapters, and read step by step in the background. The dossier takes "
        "nothing from it until somebody accepts it. A character, place or object is one proposal "
        "with all of its facts from the text, and so is each theme, plot point and open question.",
    .body_example = R"({"title":"The Sea","text":"# One\n\nMara came home.","format":"markdown"})"};

inline constexpr Operation kReadImport{
    .id = "read_import",
    .method = "GET",
    .pattern = "/dossier/{project_id}/import/{task_id}",
    .summary = "An import's progress and proposals",
    .answer = {.schema = &kImport, .description = "The import."}};

inline constexpr Operation kCancelImport{
    .id = "cancel_import",
    .method = "DELETE",
    .pattern = "/dossier/{project_id}/import/{task_id}",
    .summary = "End an import; its proposals are kept",
    .answer = {.schema = &kImport, .description = "The import, which has ended."}};

}  // namespace fabula::api::dossier

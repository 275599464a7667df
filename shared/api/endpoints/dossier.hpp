// The endpoints of the dossier function: what is known about a story.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/dossier_import.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/path_parameter.hpp"

namespace fabula::api::dossier {

constexpr Field count_field(std::string_view name) {
  return {.name = name,
          .type = Type::integer,
          .description = "How many there are.",
          .is_required = true};
}

inline constexpr Field kVersionField{.name = "version",
                                     .type = Type::integer,
                                     .description = "It grows with each change.",
                                     .is_required = true};

inline constexpr std::array kSummaryFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The project.",
          .is_required = true},
    Field{.name = "title",
          .description = "The story's title, else the project's name.",
          .is_required = true},
    kVersionField,
    count_field("character_count"),
    count_field("theme_count"),
    count_field("location_count"),
    count_field("plot_point_count"),
    count_field("object_count"),
    count_field("open_question_count"),
    kUpdatedAt,
};
inline constexpr Schema kSummary{"DossierSummary", "How much a dossier holds.", kSummaryFields};

inline constexpr std::array kDossierFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The project.",
          .is_required = true},
    Field{
        .name = "user_id", .type = Type::uuid, .description = "Whose it is.", .is_required = true},
    Field{.name = "title",
          .description = "The story's title, else the project's name.",
          .is_required = true},
    kVersionField,
    Field{.name = "snapshot_json",
          .type = Type::object,
          .description = "Characters, themes, locations, plot points, objects, open questions.",
          .is_required = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kDossier{"Dossier", "What is known about a story.", kDossierFields};

// Of requests that carry a whole dossier.
inline constexpr std::uint32_t kMaximumBodyBytes = 1024 * 1024;
inline constexpr std::int64_t kMaximumIds = 200;
inline constexpr std::int64_t kMaximumFieldNameCharacters = 48;
inline constexpr std::array<std::string_view, 4> kEntryKinds{"extracted", "confirmed", "user",
                                                             "path"};
inline constexpr std::array<std::string_view, 4> kQuestionKinds{"contradiction", "challenge",
                                                                "ambiguous_name", "asked"};
inline constexpr std::array<std::string_view, 3> kProposalStatuses{"proposed", "accepted",
                                                                   "rejected"};
inline constexpr std::array<std::string_view, 4> kDismissals{"change", "error", "two_people",
                                                             "unreliable"};
constexpr Field id_field(std::string_view name, std::string_view description,
                         bool is_required = true) {
  return {.name = name,
          .type = Type::token,
          .description = description,
          .is_required = is_required,
          .minimum = 1,
          .maximum = kMaximumDossierIdCharacters};
}
constexpr Field snapshot_field(bool is_required) {
  return {.name = "snapshot_json",
          .type = Type::object,
          .description =
              "Characters, themes, locations, plot points, objects, open questions; "
              "title, logline, genre, tone.",
          .is_required = is_required};
}
constexpr Field at_field(std::string_view description) {
  return {.name = "at", .type = Type::integer, .description = description, .is_required = true};
}

inline constexpr std::array kVersionFields{
    kVersionField,
    Field{.name = "kind",
          .description = "Who made it: a model, a person asked about what a model found, a person, "
                         "or the conversation by taking another path.",
          .is_required = true,
          .choices = kEntryKinds},
    Field{.name = "change",
          .description = "What its last entry does, such as fact or set.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "entries",
          .type = Type::integer,
          .description = "How many entries of the log came with it.",
          .is_required = true},
    kCreatedAt,
};
inline constexpr Schema kVersion{"DossierVersion", "A state that a dossier has been in.",
                                 kVersionFields};

inline constexpr std::array kFactFields{
    Field{.name = "fact_id",
          .description = "The entry of the log that says so.",
          .is_required = true},
    Field{.name = "target",
          .description = "Of what it is a fact: an id, or story.",
          .is_required = true},
    Field{.name = "type", .description = "Such as character or theme.", .is_required = true},
    Field{.name = "field",
          .description = "Which of its fields.",
          .is_required = true,
          .is_nullable = true},
    Field{
        .name = "value", .description = "What is shown.", .is_required = true, .is_nullable = true},
    Field{
        .name = "kind", .description = "Who says so.", .is_required = true, .choices = kEntryKinds},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message that it was found in.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "span",
          .type = Type::array,
          .description = "Where in that message: its first byte, and the one after the last.",
          .is_required = true,
          .is_nullable = true,
          .item = Type::integer},
    Field{.name = "quote",
          .description = "The message's words.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "model",
          .description = "The model that found it.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "prompt",
          .description = "The version of what the model was asked.",
          .is_required = true,
          .is_nullable = true},
    at_field("When it was said, in milliseconds since 1970."),
};
inline constexpr Schema kFact{"DossierFact", "Where something that is shown comes from.",
                              kFactFields};

inline constexpr Field kEntriesField{
    .name = "entries",
    .type = Type::array,
    .description =
        "What it consists of: entry, do, type, target, field, value, quote, message_id, "
        "status.",
    .is_required = true,
    .item = Type::object};
inline constexpr std::array kChangeFields{
    Field{.name = "change", .description = "Its name, to undo it by.", .is_required = true},
    Field{
        .name = "kind", .description = "Who made it.", .is_required = true, .choices = kEntryKinds},
    at_field("When, in milliseconds since 1970."),
    Field{.name = "is_undone",
          .type = Type::boolean,
          .description = "Whether it does not count any more.",
          .is_required = true},
    kEntriesField,
};
inline constexpr Schema kChange{"DossierChange", "What has happened to a dossier at once.",
                                kChangeFields};

inline constexpr std::array kProposalFields{
    Field{.name = "id", .description = "The proposal.", .is_required = true},
    at_field("When it was made, in milliseconds since 1970."),
    Field{.name = "status",
          .description = "Whether a person has decided.",
          .is_required = true,
          .choices = kProposalStatuses},
    kEntriesField,
};
inline constexpr Schema kProposal{"DossierProposal", "What a person may take into the dossier.",
                                  kProposalFields};

inline constexpr std::array kQuestionFields{
    Field{.name = "id", .description = "The question.", .is_required = true},
    Field{.name = "kind",
          .description = "Why it is asked.",
          .is_required = true,
          .choices = kQuestionKinds},
    Field{.name = "text", .description = "The question in words.", .is_required = true},
    Field{.name = "field", .description = "The field that it is about."},
    Field{.name = "target", .description = "Whose field."},
    Field{.name = "values",
          .type = Type::array,
          .description = "What there is to choose from: entry, value, quote, message_id.",
          .is_required = true,
          .item = Type::object},
};
inline constexpr Schema kQuestion{"DossierQuestion", "What a person should decide.",
                                  kQuestionFields};

inline constexpr std::array kDifferenceFields{
    Field{.name = "from",
          .type = Type::integer,
          .description = "The version before.",
          .is_required = true},
    Field{.name = "to",
          .type = Type::integer,
          .description = "The version after.",
          .is_required = true},
    Field{.name = "changes",
          .type = Type::object,
          .description = "Of each list what was added, removed and changed; of the story itself "
                         "which fields have changed.",
          .is_required = true},
};
inline constexpr Schema kDifference{"DossierDifference", "What is different between two versions.",
                                    kDifferenceFields};

inline constexpr std::array kCreateFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "A project whose dossier is empty; without it a project is made."},
    Field{.name = "name",
          .description = "The name of a project that is made.",
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    snapshot_field(false),
};
inline constexpr Schema kCreate{"DossierRequest", "A new dossier.", kCreateFields};

inline constexpr std::array kReplaceFields{snapshot_field(true)};
inline constexpr Schema kReplace{"DossierUpdate", "What a dossier is to say.", kReplaceFields};

inline constexpr std::array kUndoFields{
    id_field("change", "The change, or an entry; without it the caller's last one.", false)};
inline constexpr Schema kUndo{"DossierUndo", "What to take back.", kUndoFields};

inline constexpr std::array kPartFields{Field{.name = "mentions",
                                              .type = Type::array,
                                              .description = "Entries that mention the character.",
                                              .is_required = true,
                                              .minimum = 1,
                                              .maximum = kMaximumIds,
                                              .item = Type::token}};
inline constexpr Schema kPart{"DossierPart", "Mentions of one person.", kPartFields};
inline constexpr std::array kSplitFields{
    Field{.name = "parts",
          .type = Type::array,
          .description = "Who they are; one part is split from all the rest.",
          .is_required = true,
          .minimum = 1,
          .maximum = kMaximumIds,
          .schema = &kPart}};
inline constexpr Schema kSplit{"DossierSplit", "How one character becomes several.", kSplitFields};

inline constexpr std::array kMergeFields{
    Field{.name = "ids",
          .type = Type::array,
          .description = "The characters, at least two.",
          .is_required = true,
          .minimum = 2,
          .maximum = kMaximumIds,
          .item = Type::token},
    Field{.name = "same",
          .type = Type::boolean,
          .description = "Whether they are the same; false: they never are.",
          .default_json = "true"}};
inline constexpr Schema kMerge{"DossierMerge", "Whether characters are one.", kMergeFields};

inline constexpr std::array kLockFields{
    id_field("id", "A character, place or object, or `story`."),
    Field{.name = "field",
          .description = "Which of its fields; without it all of them.",
          .minimum = 1,
          .maximum = kMaximumFieldNameCharacters}};
inline constexpr Schema kLock{"DossierLock", "What models may not change.", kLockFields};

inline constexpr std::array kResolveFields{
    id_field("choose", "The entry of the value that is right.", false),
    Field{.name = "dismiss",
          .description =
              "Why none is chosen: it has changed, one is an error, they are two people, "
              "who says so is unreliable.",
          .choices = kDismissals}};
inline constexpr Schema kResolve{"DossierResolution", "The answer to a question.", kResolveFields};

constexpr Field version_parameter(std::string_view name, std::string_view description) {
  Field field = path_parameter("version");
  field.name = name;
  field.description = description;
  return field;
}
inline constexpr std::array kDiffFields{
    version_parameter("from", "A version; without it the empty dossier."),
    version_parameter("to", "A version; without it the newest.")};
inline constexpr Schema kDiffQuery{"DossierDiffQuery", "", kDiffFields};

inline constexpr std::array kFactListFields{
    limit_field("50"), kOffsetField,
    id_field("target", "Facts of this character, place or object alone, or `story`.", false)};
inline constexpr Schema kFactQuery{"DossierFactsQuery", "", kFactListFields};

inline constexpr std::array kListFields{limit_field("20"), kOffsetField};
inline constexpr Schema kListQuery{"DossiersQuery", "", kListFields};

inline constexpr Operation kListDossiers{
    .id = "list_dossiers",
    .method = "GET",
    .pattern = "/dossier",
    .summary = "The dossiers of the caller's projects",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kSummary, .description = "A page of them."}};

inline constexpr Operation kHealth{.id = "dossier_health",
                                   .method = "GET",
                                   .pattern = "/dossier/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReadDossier{
    .id = "read_dossier",
    .method = "GET",
    .pattern = "/dossier/{project_id}",
    .summary = "A project's dossier",
    .answer = {.schema = &kDossier, .description = "The dossier.", .has_etag = true}};

inline constexpr std::array kCreateRefusals{ErrorCode::not_found, ErrorCode::precondition_failed};

// What a change of a dossier has in common with every other.
constexpr Operation change_operation(std::string_view id, std::string_view method,
                                     std::string_view pattern, std::string_view summary,
                                     const Schema* body, std::string_view body_example = {}) {
  return {
      .id = id,
      .method = method,
      .pattern = pattern,
      .summary = summary,
      .body = body,
      .takes_if_match = true,
      .answer = {.schema = &kDossier, .description = "The dossier as it is now.", .has_etag = true},
      .body_example = body_example};
}
// The same with a body that holds a whole dossier.
constexpr Operation whole_change(std::string_view id, std::string_view method,
                                 std::string_view pattern, std::string_view summary,
                                 std::string_view body_example) {
  Operation operation = change_operation(id, method, pattern, summary, &kReplace, body_example);
  operation.maximum_body_bytes = kMaximumBodyBytes;
  return operation;
}
constexpr Operation optional_body(Operation operation) {
  operation.is_body_optional = true;
  return operation;
}

inline constexpr Operation kCreateDossier{
    .id = "create_dossier",
    .method = "POST",
    .pattern = "/dossier",
    .summary = "Begin a dossier, of a new project or of one whose dossier is empty",
    .body = &kCreate,
    .maximum_body_bytes = kMaximumBodyBytes,
    .answer = {.status = 201, .schema = &kDossier, .description = "The new dossier."},
    .refusals = kCreateRefusals,
    .body_example =
        R"({"name":"The Lighthouse","snapshot_json":{"characters":[{"name":"Mara"}]}})"};

inline constexpr Operation kReplaceDossier = whole_change(
    "replace_dossier", "PUT", "/dossier/{project_id}",
    "Replace what a dossier says; what is left out is taken back",
    R"({"snapshot_json":{"characters":[{"name":"Mara","age":"30"}],"themes":["Loss"]}})");

inline constexpr Operation kMergeDossier =
    whole_change("merge_dossier", "PATCH", "/dossier/{project_id}",
                 "Add to what a dossier says; null empties a field",
                 R"({"snapshot_json":{"title":"The Lighthouse"}})");

inline constexpr Operation kClearDossier{
    .id = "clear_dossier",
    .method = "DELETE",
    .pattern = "/dossier/{project_id}",
    .summary = "Forget what is known of a story; its project and its sessions stay",
    .takes_if_match = true,
    .answer = {.schema = &kDone, .description = "It is empty."}};

inline constexpr Operation kListVersions{
    .id = "list_dossier_versions",
    .method = "GET",
    .pattern = "/dossier/{project_id}/versions",
    .summary = "The versions of a dossier, newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kVersion, .description = "A page of them."}};

inline constexpr Operation kRestoreVersion =
    change_operation("restore_dossier", "POST", "/dossier/{project_id}/restore/{version}",
                     "Make a dossier say again what it said in a version", nullptr);

inline constexpr Operation kReadDifference{
    .id = "read_dossier_difference",
    .method = "GET",
    .pattern = "/dossier/{project_id}/diff",
    .summary = "What is different between two versions of a dossier",
    .query = &kDiffQuery,
    .answer = {.schema = &kDifference, .description = "The difference."}};

inline constexpr Operation kListFacts{
    .id = "list_dossier_facts",
    .method = "GET",
    .pattern = "/dossier/{project_id}/provenance",
    .summary = "Where everything that a dossier says comes from",
    .query = &kFactQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kFact, .description = "A page of facts."}};

inline constexpr Operation kListChanges{
    .id = "list_dossier_changes",
    .method = "GET",
    .pattern = "/dossier/{project_id}/history",
    .summary = "What has happened to a dossier, newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kChange, .description = "A page of changes."}};

inline constexpr Operation kUndoChange = optional_body(change_operation(
    "undo_dossier_change", "POST", "/dossier/{project_id}/undo", "Take a change back", &kUndo));
inline constexpr Operation kRedoChange =
    optional_body(change_operation("redo_dossier_change", "POST", "/dossier/{project_id}/redo",
                                   "Make a change again that was taken back", &kUndo));

inline constexpr Operation kListProposals{
    .id = "list_dossier_proposals",
    .method = "GET",
    .pattern = "/dossier/{project_id}/proposals",
    .summary = "What is proposed for a dossier, oldest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kProposal, .description = "A page of them."}};
inline constexpr Operation kAcceptProposal = change_operation(
    "accept_dossier_proposal", "POST", "/dossier/{project_id}/proposals/{proposal_id}/accept",
    "Take a proposal into the dossier", nullptr);
inline constexpr Operation kRejectProposal = change_operation(
    "reject_dossier_proposal", "POST", "/dossier/{project_id}/proposals/{proposal_id}/reject",
    "Leave a proposal out", nullptr);

inline constexpr Operation kSplitCharacter = change_operation(
    "split_dossier_character", "POST", "/dossier/{project_id}/characters/{character_id}/split",
    "Say that a character is several", &kSplit, R"({"parts":[{"mentions":["0123456789abcdef"]}]})");
inline constexpr Operation kMergeCharacters =
    change_operation("merge_dossier_characters", "POST", "/dossier/{project_id}/characters/merge",
                     "Say that characters are one, or are not", &kMerge,
                     R"({"ids":["0123456789abcdef","fedcba9876543210"],"same":true})");
inline constexpr Operation kLockField = change_operation(
    "lock_dossier_field", "POST", "/dossier/{project_id}/lock",
    "Keep models from changing something", &kLock, R"({"id":"0123456789abcdef","field":"age"})");
inline constexpr Operation kUnlockField = change_operation(
    "unlock_dossier_field", "POST", "/dossier/{project_id}/unlock",
    "Let models change something again", &kLock, R"({"id":"0123456789abcdef","field":"age"})");

inline constexpr Operation kListQuestions{
    .id = "list_dossier_questions",
    .method = "GET",
    .pattern = "/dossier/{project_id}/questions",
    .summary = "What a person should decide about a story",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kQuestion, .description = "A page of them."}};
inline constexpr Operation kResolveQuestion = change_operation(
    "resolve_dossier_question", "POST", "/dossier/{project_id}/questions/{question_id}/resolve",
    "Answer a question", &kResolve, R"({"choose":"0123456789abcdef"})");

inline constexpr std::array kOperations{
    kListDossiers,   kCreateDossier,  kHealth,          kReadDossier,     kReplaceDossier,
    kMergeDossier,   kClearDossier,   kListVersions,    kRestoreVersion,  kReadDifference,
    kListFacts,      kListChanges,    kUndoChange,      kRedoChange,      kListProposals,
    kAcceptProposal, kRejectProposal, kSplitCharacter,  kMergeCharacters, kLockField,
    kUnlockField,    kListQuestions,  kResolveQuestion, kStartImport,     kReadImport,
    kCancelImport};

}  // namespace fabula::api::dossier

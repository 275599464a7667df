// The endpoints of the dossier function, which keeps the known facts about a story.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/endpoints/dossier_answers.hpp"
#include "shared/api/endpoints/dossier_import.hpp"
#include "shared/api/endpoints/dossier_requests.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::dossier {

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

inline constexpr Operation kReady{.id = "dossier_ready",
                                  .method = "GET",
                                  .pattern = "/dossier/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kReadDossier{
    .id = "read_dossier",
    .method = "GET",
    .pattern = "/dossier/{project_id}",
    .summary = "A project's dossier",
    .answer = {.schema = &kDossier, .description = "The dossier.", .has_etag = true}};

inline constexpr std::array kCreateRefusals{ErrorCode::not_found, ErrorCode::precondition_failed};

// An operation that changes a dossier.
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
      .stores_text = true,
      .body_example = body_example};
}
constexpr Operation taking_bytes(std::uint32_t maximum, Operation operation) {
  operation.maximum_body_bytes = maximum;
  return operation;
}
// The same with a body that holds a whole dossier.
constexpr Operation whole_change(std::string_view id, std::string_view method,
                                 std::string_view pattern, std::string_view summary,
                                 std::string_view body_example) {
  return taking_bytes(kMaximumBodyBytes,
                      change_operation(id, method, pattern, summary, &kReplace, body_example));
}
constexpr Operation described(Operation operation, std::string_view description) {
  operation.description = description;
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
    .takes_idempotency_key = true,
    .answer = {.status = 201,
               .schema = &kDossier,
               .description = "The new dossier.",
               .location = "/dossier/{project_id}"},
    .stores_text = true,
    .refusals = kCreateRefusals,
    .body_example =
        R"({"name":"The Lighthouse","snapshot_json":{"characters":[{"name":"Mara"}]}})"};

inline constexpr Operation kReplaceDossier = whole_change(
    "replace_dossier", "PUT", "/dossier/{project_id}",
    "Replace the contents of a dossier; everything that is left out is removed",
    R"({"snapshot_json":{"characters":[{"name":"Mara","age":"30"}],"themes":["Loss"]}})");

inline constexpr Operation kMergeDossier =
    whole_change("merge_dossier", "PATCH", "/dossier/{project_id}",
                 "Add to the contents of a dossier; null empties a field",
                 R"({"snapshot_json":{"title":"The Lighthouse"}})");

inline constexpr Operation kClearDossier{
    .id = "clear_dossier",
    .method = "DELETE",
    .pattern = "/dossier/{project_id}",
    .summary = "Empty a dossier; its project and its sessions are kept",
    .takes_if_match = true,
    .answer = {.schema = &kDone, .description = "It is empty."}};

inline constexpr Operation kRemoveEntry = described(
    change_operation("remove_dossier_entry", "DELETE", "/dossier/{project_id}/entries/{entry_id}",
                     "Remove a character, place, object, theme, plot point or question", nullptr),
    "`entry_id` is the `id` of a character, place, object or question; that of a theme or a plot "
    "point is the `target` of its facts in the provenance. Texts that speak of it later do not "
    "bring it back; undo does.");

inline constexpr Operation kListVersions{
    .id = "list_dossier_versions",
    .method = "GET",
    .pattern = "/dossier/{project_id}/versions",
    .summary = "The versions of a dossier, newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kVersion, .description = "A page of them."}};

inline constexpr Operation kRestoreVersion =
    change_operation("restore_dossier", "POST", "/dossier/{project_id}/restore/{version}",
                     "Restore the contents of an earlier version of a dossier", nullptr);

inline constexpr Operation kReadDifference{
    .id = "read_dossier_difference",
    .method = "GET",
    .pattern = "/dossier/{project_id}/diff",
    .summary = "The difference between two versions of a dossier",
    .query = &kDiffQuery,
    .answer = {.schema = &kDifference, .description = "The difference."}};

inline constexpr Operation kListFacts{
    .id = "list_dossier_facts",
    .method = "GET",
    .pattern = "/dossier/{project_id}/provenance",
    .summary = "The facts of a dossier, with their sources",
    .query = &kFactQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kFact, .description = "A page of facts."}};

inline constexpr Operation kListChanges{
    .id = "list_dossier_changes",
    .method = "GET",
    .pattern = "/dossier/{project_id}/history",
    .summary = "The changes of a dossier, newest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kChange, .description = "A page of changes."}};

inline constexpr Operation kUndoChange = optional_body(change_operation(
    "undo_dossier_change", "POST", "/dossier/{project_id}/undo", "Undo a change", &kUndo));
inline constexpr Operation kRedoChange =
    optional_body(change_operation("redo_dossier_change", "POST", "/dossier/{project_id}/redo",
                                   "Redo a change that was undone", &kUndo));

inline constexpr Operation kListProposals{
    .id = "list_dossier_proposals",
    .method = "GET",
    .pattern = "/dossier/{project_id}/proposals",
    .summary = "The proposals for a dossier, oldest first",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kProposal, .description = "A page of them."}};
inline constexpr Operation kAcceptProposal = change_operation(
    "accept_dossier_proposal", "POST", "/dossier/{project_id}/proposals/{proposal_id}/accept",
    "Take a proposal into the dossier", nullptr);
inline constexpr Operation kRejectProposal = change_operation(
    "reject_dossier_proposal", "POST", "/dossier/{project_id}/proposals/{proposal_id}/reject",
    "Leave a proposal out", nullptr);

inline constexpr Operation kDecideProposals = taking_bytes(
    kMaximumDecisionsBodyBytes,
    described(
        change_operation("decide_dossier_proposals", "POST", "/dossier/{project_id}/proposals",
                         "Accept or reject many proposals at once", &kDecisions,
                         R"({"accept":["0123456789abcdef"],"reject":["fedcba9876543210"]})"),
        "All of them or none, as one change and one version. If one of the ids is unknown or named "
        "twice, `errors` names it by its place, as in `accept[2]`."));

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
    .summary = "The open questions about a story, for a person to decide",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kQuestion, .description = "A page of them."}};
inline constexpr Operation kResolveQuestion = change_operation(
    "resolve_dossier_question", "POST", "/dossier/{project_id}/questions/{question_id}/resolve",
    "Answer a question", &kResolve, R"({"choose":"0123456789abcdef"})");

inline constexpr Operation kListReadings{
    .id = "list_dossier_readings",
    .method = "GET",
    .pattern = "/dossier/{project_id}/readings",
    .summary = "The readings for a dossier, newest first, and why they failed",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kReading, .description = "A page of them."},
    .description =
        "Imports are listed as long as there is the project, readings of conversations "
        "for a day after their end."};

inline constexpr std::array kOperations{
    kListDossiers,    kCreateDossier,   kHealth,          kReady,          kReadDossier,
    kReplaceDossier,  kMergeDossier,    kClearDossier,    kRemoveEntry,    kListVersions,
    kRestoreVersion,  kReadDifference,  kListFacts,       kListChanges,    kUndoChange,
    kRedoChange,      kListProposals,   kDecideProposals, kAcceptProposal, kRejectProposal,
    kSplitCharacter,  kMergeCharacters, kLockField,       kUnlockField,    kListQuestions,
    kResolveQuestion, kListReadings,    kStartImport,     kReadImport,     kCancelImport};

}  // namespace fabula::api::dossier

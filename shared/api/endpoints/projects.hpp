// The endpoints of the projects function.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::projects {

inline constexpr std::array<std::string_view, 3> kOrders{"updated_at", "created_at", "name"};

constexpr Field name_field(bool is_required) {
  return {.name = "name",
          .description = "The project's name.",
          .is_required = is_required,
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true};
}
inline constexpr Field kFavouriteField{
    .name = "is_favourite", .type = Type::boolean, .description = "Whether it is a favourite."};
inline constexpr Field kPhaseField{
    .name = "phase", .description = "How far the story is.", .choices = kProjectPhases};
inline constexpr Field kStatusField{
    .name = "status", .description = "Whether it is being worked on.", .choices = kProjectStatuses};

inline constexpr Field kInstructionsField = instructions_field(
    "What models are told in each of its sessions, after our own prompt: a persona, a style guide. "
    "Null removes it.");

inline constexpr std::array kProjectFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "The project.",
          .is_required = true},
    Field{.name = "user_id", .type = Type::uuid, .description = "The owner.", .is_required = true},
    Field{.name = "name", .description = "The project's name.", .is_required = true},
    Field{.name = "is_favourite",
          .type = Type::boolean,
          .description = "Whether it is a favourite.",
          .is_required = true},
    Field{.name = "phase",
          .description = "How far the story is.",
          .is_required = true,
          .choices = kProjectPhases},
    Field{.name = "status",
          .description = "Whether it is being worked on.",
          .is_required = true,
          .choices = kProjectStatuses},
    Field{.name = "session_count",
          .type = Type::integer,
          .description = "The number of its sessions that are not deleted.",
          .is_required = true},
    Field{.name = "instructions",
          .description = "Instructions for models in each of its sessions.",
          .is_required = true,
          .is_nullable = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kProject{"Project", "A story and all that belongs to it.", kProjectFields};

inline constexpr std::array kListFields{
    limit_field("20"),
    kOffsetField,
    kStatusField,
    kPhaseField,
    kFavouriteField,
    Field{.name = "order",
          .description = "The field to sort by.",
          .choices = kOrders,
          .default_json = "\"updated_at\""},
    Field{
        .name = "direction", .description = "The direction of the order.", .choices = kDirections},
};
inline constexpr Schema kListQuery{"ProjectsQuery", "", kListFields};

inline constexpr std::array kCreateFields{name_field(true), kFavouriteField, kPhaseField,
                                          kStatusField, kInstructionsField};
inline constexpr Schema kCreate{"ProjectRequest", "A new project.", kCreateFields};

inline constexpr std::array kUpdateFields{name_field(false), kFavouriteField, kPhaseField,
                                          kStatusField, kInstructionsField};
inline constexpr Schema kUpdate{"ProjectUpdate", "Changes of a project.", kUpdateFields};

inline constexpr Operation kListProjects{
    .id = "list_projects",
    .method = "GET",
    .pattern = "/projects",
    .summary = "The caller's projects",
    .query = &kListQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kProject, .description = "A page of them."}};

inline constexpr Operation kCreateProject{
    .id = "create_project",
    .method = "POST",
    .pattern = "/projects",
    .summary = "Make a project, with an empty dossier",
    .body = &kCreate,
    .maximum_body_bytes = kMostEscapedBytes * kMaximumInstructionsBytes + kSmallBodyBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 201,
               .schema = &kProject,
               .description = "The new project.",
               .location = "/projects/{project_id}"},
    .stores_text = true,
    .body_example = R"({"name":"The Lighthouse","is_favourite":true})"};

inline constexpr Operation kHealth{.id = "projects_health",
                                   .method = "GET",
                                   .pattern = "/projects/health",
                                   .summary = "Whether the function runs",
                                   .access = Access::anyone,
                                   .answer = {.schema = &api::kHealth, .description = "It runs."}};

inline constexpr Operation kReady{.id = "projects_ready",
                                  .method = "GET",
                                  .pattern = "/projects/health/ready",
                                  .summary = "Whether the function reaches its database",
                                  .access = Access::anyone,
                                  .answer = {.schema = &api::kHealth, .description = "It does."},
                                  .refusals = kReadyRefusals};

inline constexpr Operation kReadProject{
    .id = "read_project",
    .method = "GET",
    .pattern = "/projects/{project_id}",
    .summary = "One project",
    .answer = {.schema = &kProject, .description = "The project.", .has_etag = true}};

inline constexpr Operation kUpdateProject{
    .id = "update_project",
    .method = "PATCH",
    .pattern = "/projects/{project_id}",
    .summary = "Change a project",
    .body = &kUpdate,
    .maximum_body_bytes = kMostEscapedBytes * kMaximumInstructionsBytes + kSmallBodyBytes,
    .takes_if_match = true,
    .answer = {.schema = &kProject, .description = "The project as it is now."},
    .stores_text = true};

inline constexpr Operation kDeleteProject{
    .id = "delete_project",
    .method = "DELETE",
    .pattern = "/projects/{project_id}",
    .summary = "Delete a project with its sessions and its dossier",
    .answer = {.schema = &kDone, .description = "It is deleted."}};

inline constexpr std::array kOperations{kListProjects, kCreateProject, kHealth,       kReady,
                                        kReadProject,  kUpdateProject, kDeleteProject};

}  // namespace fabula::api::projects

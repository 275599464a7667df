// The endpoints of the projects function.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/told.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::projects::inline FABULA_API_TABLES {

inline constexpr std::array<std::string_view, 3> kOrders{"updated_at", "created_at", "name"};

constexpr Field name_field(bool is_required) {
  return {.name = "name",
          .description = told("The project's name."),
          .is_required = is_required,
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true};
}
inline constexpr Field kFavouriteField{.name = "is_favourite",
                                       .type = Type::boolean,
                                       .description = told("Whether it is a favourite.")};
inline constexpr Field kPhaseField{
    .name = "phase", .description = told("How far the story is."), .choices = kProjectPhases};
inline constexpr Field kStatusField{.name = "status",
                                    .description = told("Whether it is being worked on."),
                                    .choices = kProjectStatuses};

inline constexpr std::array kProjectFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = told("The project."),
          .is_required = true},
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = told("Whose it is."),
          .is_required = true},
    Field{.name = "name", .description = told("The project's name."), .is_required = true},
    Field{.name = "is_favourite",
          .type = Type::boolean,
          .description = told("Whether it is a favourite."),
          .is_required = true},
    Field{.name = "phase",
          .description = told("How far the story is."),
          .is_required = true,
          .choices = kProjectPhases},
    Field{.name = "status",
          .description = told("Whether it is being worked on."),
          .is_required = true,
          .choices = kProjectStatuses},
    Field{.name = "session_count",
          .type = Type::integer,
          .description = told("Its sessions that are not deleted."),
          .is_required = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kProject{"Project", told("A story and all that belongs to it."),
                                 kProjectFields};

inline constexpr std::array kListFields{
    limit_field("20"),
    kOffsetField,
    kStatusField,
    kPhaseField,
    kFavouriteField,
    Field{.name = "order",
          .description = told("What they are sorted by."),
          .choices = kOrders,
          .default_json = "\"updated_at\""},
    Field{.name = "direction",
          .description = told("Which way they are sorted."),
          .choices = kDirections},
};
inline constexpr Schema kListQuery{"ProjectsQuery", told(""), kListFields};

inline constexpr std::array kCreateFields{name_field(true), kFavouriteField, kPhaseField,
                                          kStatusField};
inline constexpr Schema kCreate{"ProjectRequest", told("A new project."), kCreateFields};

inline constexpr std::array kUpdateFields{name_field(false), kFavouriteField, kPhaseField,
                                          kStatusField};
inline constexpr Schema kUpdate{"ProjectUpdate", told("What changes of a project."), kUpdateFields};

inline constexpr Operation kListProjects{.id = "list_projects",
                                         .method = "GET",
                                         .pattern = "/projects",
                                         .summary = told("The caller's projects"),
                                         .query = &kListQuery,
                                         .answer = {.kind = AnswerKind::list,
                                                    .schema = told(kProject),
                                                    .description = told("A page of them.")}};

inline constexpr Operation kCreateProject{
    .id = "create_project",
    .method = "POST",
    .pattern = "/projects",
    .summary = told("Make a project, with an empty dossier"),
    .body = &kCreate,
    .answer = {.status = 201, .schema = told(kProject), .description = told("The new project.")}};

inline constexpr Operation kHealth{
    .id = "projects_health",
    .method = "GET",
    .pattern = "/projects/health",
    .summary = told("Whether the function runs"),
    .access = Access::anyone,
    .answer = {.schema = told(api::kHealth), .description = told("It runs.")}};

inline constexpr Operation kReadProject{
    .id = "read_project",
    .method = "GET",
    .pattern = "/projects/{project_id}",
    .summary = told("One project"),
    .answer = {.schema = told(kProject), .description = told("The project."), .has_etag = true}};

inline constexpr Operation kUpdateProject{
    .id = "update_project",
    .method = "PATCH",
    .pattern = "/projects/{project_id}",
    .summary = told("Change a project"),
    .body = &kUpdate,
    .takes_if_match = true,
    .answer = {.schema = told(kProject), .description = told("The project as it is now.")}};

inline constexpr Operation kDeleteProject{
    .id = "delete_project",
    .method = "DELETE",
    .pattern = "/projects/{project_id}",
    .summary = told("Delete a project with its sessions and its dossier"),
    .answer = {.schema = told(kDone), .description = told("It is deleted.")}};

inline constexpr std::array kOperations{kListProjects, kCreateProject, kHealth,
                                        kReadProject,  kUpdateProject, kDeleteProject};

}  // namespace fabula::api::projects::inline FABULA_API_TABLES

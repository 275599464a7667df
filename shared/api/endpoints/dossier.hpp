// The endpoints of the dossier function: what is known about a story.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/told.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::dossier::inline FABULA_API_TABLES {

constexpr Field count_field(std::string_view name) {
  return {.name = name,
          .type = Type::integer,
          .description = told("How many there are."),
          .is_required = true};
}

inline constexpr Field kVersionField{.name = "version",
                                     .type = Type::integer,
                                     .description = told("It grows with each change."),
                                     .is_required = true};

inline constexpr std::array kSummaryFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = told("The project."),
          .is_required = true},
    Field{.name = "title",
          .description = told("The story's title, else the project's name."),
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
inline constexpr Schema kSummary{"DossierSummary", told("How much a dossier holds."),
                                 kSummaryFields};

inline constexpr std::array kDossierFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = told("The project."),
          .is_required = true},
    Field{.name = "user_id",
          .type = Type::uuid,
          .description = told("Whose it is."),
          .is_required = true},
    Field{.name = "title",
          .description = told("The story's title, else the project's name."),
          .is_required = true},
    kVersionField,
    Field{
        .name = "snapshot_json",
        .type = Type::object,
        .description = told("Characters, themes, locations, plot points, objects, open questions."),
        .is_required = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kDossier{"Dossier", told("What is known about a story."), kDossierFields};

inline constexpr std::array kListFields{limit_field("20"), kOffsetField};
inline constexpr Schema kListQuery{"DossiersQuery", told(""), kListFields};

inline constexpr Operation kListDossiers{.id = "list_dossiers",
                                         .method = "GET",
                                         .pattern = "/dossier",
                                         .summary = told("The dossiers of the caller's projects"),
                                         .query = &kListQuery,
                                         .answer = {.kind = AnswerKind::list,
                                                    .schema = told(kSummary),
                                                    .description = told("A page of them.")}};

inline constexpr Operation kHealth{
    .id = "dossier_health",
    .method = "GET",
    .pattern = "/dossier/health",
    .summary = told("Whether the function runs"),
    .access = Access::anyone,
    .answer = {.schema = told(api::kHealth), .description = told("It runs.")}};

inline constexpr Operation kReadDossier{
    .id = "read_dossier",
    .method = "GET",
    .pattern = "/dossier/{project_id}",
    .summary = told("A project's dossier"),
    .answer = {.schema = told(kDossier), .description = told("The dossier."), .has_etag = true}};

inline constexpr std::array kOperations{kListDossiers, kHealth, kReadDossier};

}  // namespace fabula::api::dossier::inline FABULA_API_TABLES

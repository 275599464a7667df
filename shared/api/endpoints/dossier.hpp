// The endpoints of the dossier function: what is known about a story.
#pragma once

#include <array>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/dossier_import.hpp"
#include "shared/api/operation.hpp"

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

inline constexpr std::array kOperations{kListDossiers, kHealth,     kReadDossier,
                                        kStartImport,  kReadImport, kCancelImport};

}  // namespace fabula::api::dossier

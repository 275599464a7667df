// Schemas of the dossier function's requests.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/dossier_answers.hpp"
#include "shared/api/operation.hpp"
#include "shared/api/path_parameter.hpp"

namespace fabula::api::dossier {

// The largest body of requests that carry a whole dossier.
inline constexpr std::uint32_t kMaximumBodyBytes = 1024 * 1024;
inline constexpr std::int64_t kMaximumIds = 200;
inline constexpr std::int64_t kMaximumFieldNameCharacters = 48;
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
          .is_required = is_required,
          .schema = &kContents,
          .is_open = true};
}

inline constexpr std::array kCreateFields{
    Field{.name = "project_id",
          .type = Type::uuid,
          .description = "A project whose dossier is empty; without it a new project is made."},
    Field{.name = "name",
          .description = "The name of a new project.",
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    snapshot_field(false),
};
inline constexpr Schema kCreate{"DossierRequest", "A new dossier.", kCreateFields};

inline constexpr std::array kReplaceFields{snapshot_field(true)};
inline constexpr Schema kReplace{"DossierUpdate", "The new contents of a dossier.", kReplaceFields};

inline constexpr std::array kUndoFields{
    id_field("change", "The change, or an entry; without it the caller's last one.", false)};
inline constexpr Schema kUndo{"DossierUndo", "The change to undo.", kUndoFields};

// The most decisions of each kind. Both kinds together are as many as one request may add to the
// log.
inline constexpr std::int64_t kMaximumDecisions = 500;
inline constexpr std::uint32_t kMaximumDecisionsBodyBytes = 256 * 1024;
constexpr Field proposals_field(std::string_view name, std::string_view description) {
  return {.name = name,
          .type = Type::array,
          .description = description,
          .maximum = kMaximumDecisions,
          .item = Type::token};
}
inline constexpr std::array kDecisionFields{
    proposals_field("accept", "The ids of proposals to take into the dossier."),
    proposals_field("reject", "The ids of proposals to leave out.")};
inline constexpr Schema kDecisions{"DossierDecisions", "Decisions on proposals.", kDecisionFields};

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
          .description = "The resulting characters; a single part is split from all the rest.",
          .is_required = true,
          .minimum = 1,
          .maximum = kMaximumIds,
          .schema = &kPart}};
inline constexpr Schema kSplit{"DossierSplit", "The split of one character into several.",
                               kSplitFields};

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
          .description = "The field to lock or unlock; without it all fields.",
          .minimum = 1,
          .maximum = kMaximumFieldNameCharacters}};
inline constexpr Schema kLock{"DossierLock", "A part of a dossier that models may not change.",
                              kLockFields};

inline constexpr std::array kResolveFields{
    id_field("choose", "The entry of the value that is right.", false),
    Field{.name = "dismiss",
          .description =
              "Why no value is chosen: the fact has changed, a value is an error, they are two "
              "people, or the source is unreliable.",
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

}  // namespace fabula::api::dossier

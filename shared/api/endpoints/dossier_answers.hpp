// Schemas of the dossier function's answers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::dossier {

constexpr Field count_field(std::string_view name) {
  return {.name = name, .type = Type::integer, .description = "Their number.", .is_required = true};
}

inline constexpr Field kVersionField{.name = "version",
                                     .type = Type::integer,
                                     .description = "It grows with each change.",
                                     .is_required = true};

inline constexpr Field kProjectIdField{
    .name = "project_id", .type = Type::uuid, .description = "The project.", .is_required = true};
inline constexpr Field kTitleField{.name = "title",
                                   .description = "The story's title, else the project's name.",
                                   .is_required = true};

inline constexpr std::array kSummaryFields{
    kProjectIdField,
    kTitleField,
    kVersionField,
    count_field("character_count"),
    count_field("theme_count"),
    count_field("location_count"),
    count_field("plot_point_count"),
    count_field("object_count"),
    count_field("open_question_count"),
    kUpdatedAt,
};
inline constexpr Schema kSummary{"DossierSummary", "The size of a dossier.", kSummaryFields};

inline constexpr std::array kDossierFields{
    kProjectIdField,
    Field{.name = "user_id", .type = Type::uuid, .description = "The owner.", .is_required = true},
    kTitleField,
    kVersionField,
    Field{.name = "snapshot_json",
          .type = Type::object,
          .description = "Characters, themes, locations, plot points, objects, open questions.",
          .is_required = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kDossier{"Dossier", "The known facts about a story.", kDossierFields};

inline constexpr std::array<std::string_view, 4> kEntryKinds{"extracted", "confirmed", "user",
                                                             "path"};
inline constexpr std::array<std::string_view, 4> kQuestionKinds{"contradiction", "challenge",
                                                                "ambiguous_name", "asked"};
inline constexpr std::array<std::string_view, 3> kProposalStatuses{"proposed", "accepted",
                                                                   "rejected"};
constexpr Field at_field(std::string_view description) {
  return {.name = "at", .type = Type::integer, .description = description, .is_required = true};
}

inline constexpr std::array kVersionFields{
    kVersionField,
    Field{.name = "kind",
          .description = "The source: a model (extracted), a person asked about a model's finding "
                         "(confirmed), a person (user), or the conversation by taking another "
                         "path (path).",
          .is_required = true,
          .choices = kEntryKinds},
    Field{.name = "change",
          .description = "The action of its last entry, such as fact or set.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "entries",
          .type = Type::integer,
          .description = "The number of its entries in the log.",
          .is_required = true},
    kCreatedAt,
};
inline constexpr Schema kVersion{"DossierVersion", "A state that a dossier has been in.",
                                 kVersionFields};

inline constexpr std::array kFactFields{
    Field{.name = "fact_id",
          .description = "The entry of the log that states the fact.",
          .is_required = true},
    Field{.name = "target",
          .description = "The subject of the fact: an id, or story.",
          .is_required = true},
    Field{.name = "type",
          .description = "The subject's type, such as character or theme.",
          .is_required = true},
    Field{.name = "field",
          .description = "The field of the subject.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "value",
          .description = "The shown value.",
          .is_required = true,
          .is_nullable = true},
    Field{
        .name = "kind", .description = "The source.", .is_required = true, .choices = kEntryKinds},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message that it was found in.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "span",
          .type = Type::array,
          .description = "The quote's place in the message: the first byte, and the one after the "
                         "last.",
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
          .description = "The version of the model's prompt.",
          .is_required = true,
          .is_nullable = true},
    at_field("When it was said, in milliseconds since 1970."),
};
inline constexpr Schema kFact{"DossierFact", "A fact that is shown, with its source.", kFactFields};

inline constexpr Field kEntriesField{
    .name = "entries",
    .type = Type::array,
    .description =
        "Its entries, each with entry, do, type, target, field, value, quote, message_id, status.",
    .is_required = true,
    .item = Type::object};
inline constexpr std::array kChangeFields{
    Field{.name = "change", .description = "The id of the change, for undo.", .is_required = true},
    Field{
        .name = "kind", .description = "The source.", .is_required = true, .choices = kEntryKinds},
    at_field("The time, in milliseconds since 1970."),
    Field{.name = "is_undone",
          .type = Type::boolean,
          .description = "Whether it has been undone.",
          .is_required = true},
    kEntriesField,
};
inline constexpr Schema kChange{"DossierChange", "One change of a dossier.", kChangeFields};

inline constexpr std::array kProposalFields{
    Field{.name = "id", .description = "The proposal.", .is_required = true},
    at_field("When it was made, in milliseconds since 1970."),
    Field{.name = "status",
          .description = "Whether a person has decided.",
          .is_required = true,
          .choices = kProposalStatuses},
    kEntriesField,
};
inline constexpr Schema kProposal{"DossierProposal", "A proposal that a person may accept.",
                                  kProposalFields};

inline constexpr std::array kQuestionFields{
    Field{.name = "id", .description = "The question.", .is_required = true},
    Field{.name = "kind",
          .description = "The reason of the question.",
          .is_required = true,
          .choices = kQuestionKinds},
    Field{.name = "text", .description = "The question in words.", .is_required = true},
    Field{.name = "field", .description = "The field in question."},
    Field{.name = "target", .description = "The owner of the field."},
    Field{.name = "values",
          .type = Type::array,
          .description = "The choices, each with entry, value, quote, message_id.",
          .is_required = true,
          .item = Type::object},
};
inline constexpr Schema kQuestion{"DossierQuestion", "A question for a person to decide.",
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
          .description = "The additions, removals and changes of each list, and the changed fields "
                         "of the story itself.",
          .is_required = true},
};
inline constexpr Schema kDifference{"DossierDifference", "The difference between two versions.",
                                    kDifferenceFields};

}  // namespace fabula::api::dossier

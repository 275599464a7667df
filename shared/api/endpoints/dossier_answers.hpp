// Schemas of the dossier function's answers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/api/endpoints/answers.hpp"
#include "shared/api/endpoints/dossier_contents.hpp"
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
          .is_required = true,
          .schema = &kSnapshot},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kDossier{"Dossier", "The known facts about a story.", kDossierFields};

inline constexpr std::array<std::string_view, 4> kEntryKinds{"extracted", "confirmed", "user",
                                                             "path"};
inline constexpr std::array<std::string_view, 3> kProposalStatuses{"proposed", "accepted",
                                                                   "rejected"};
constexpr Field at_field(std::string_view description) {
  return {.name = "at", .type = Type::timestamp, .description = description, .is_required = true};
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

inline constexpr std::array kImportSourceFields{
    Field{.name = "task_id", .type = Type::uuid, .description = "The import.", .is_required = true},
    Field{.name = "chapter",
          .type = Type::integer,
          .description = "The number of the chapter, from 1 on.",
          .is_required = true,
          .is_nullable = true},
    nullable_text("chapter_title", "The title of the chapter."),
};
inline constexpr Schema kImportSource{"DossierImportSource", "The place in an imported text.",
                                      kImportSourceFields};
constexpr Field import_source_field(bool is_nullable) {
  return {.name = "import",
          .type = Type::object,
          .description = "The imported text that it was found in.",
          .is_required = is_nullable,
          .is_nullable = is_nullable,
          .schema = &kImportSource};
}

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
    import_source_field(true),
    Field{.name = "span",
          .type = Type::array,
          .description =
              "The quote's place in the message, or in the part of an imported text that "
              "was read at once: the first byte, and the one after the last.",
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
    at_field("When it was said."),
};
inline constexpr Schema kFact{"DossierFact", "A fact that is shown, with its source.", kFactFields};

inline constexpr std::array kEntryFields{
    shown_text("entry", "The entry of the log."),
    shown_text("do", "Its act, such as fact, set or undo."),
    known_text("type", "The type of what it is about, such as character."),
    known_text("target", "Its subject: an id, or story."),
    known_text("field", "The field."),
    Field{
        .name = "value", .description = "The value; null empties the field.", .is_nullable = true},
    Field{.name = "is",
          .type = Type::boolean,
          .description = "For a list's value: whether it belongs to the list."},
    known_text("quote", "The words that it comes from."),
    Field{.name = "message_id", .type = Type::uuid, .description = "The message of these words."},
    import_source_field(false),
    shown_text("status", "Whether it is shown, or why it is not."),
};
inline constexpr Schema kEntry{"DossierEntry", "An entry of a dossier's log.", kEntryFields};

inline constexpr Field kEntriesField{.name = "entries",
                                     .type = Type::array,
                                     .description = "Its entries.",
                                     .is_required = true,
                                     .schema = &kEntry};
inline constexpr std::array kChangeFields{
    Field{.name = "change", .description = "The id of the change, for undo.", .is_required = true},
    Field{
        .name = "kind", .description = "The source.", .is_required = true, .choices = kEntryKinds},
    at_field("The time."),
    Field{.name = "is_undone",
          .type = Type::boolean,
          .description = "Whether it has been undone.",
          .is_required = true},
    kEntriesField,
};
inline constexpr Schema kChange{"DossierChange", "One change of a dossier.", kChangeFields};

inline constexpr std::array kProposalFields{
    Field{.name = "id", .description = "The proposal.", .is_required = true},
    at_field("When it was made."),
    Field{.name = "status",
          .description = "Whether a person has decided.",
          .is_required = true,
          .choices = kProposalStatuses},
    kEntriesField,
};
inline constexpr Schema kProposal{"DossierProposal", "A proposal that a person may accept.",
                                  kProposalFields};

inline constexpr std::array kListDifferenceFields{shown_list("added", "The added ones."),
                                                  shown_list("removed", "The removed ones.")};
inline constexpr Schema kListDifference{"DossierListDifference", "How a list differs.",
                                        kListDifferenceFields};
inline constexpr std::array kFieldDifferenceFields{
    shown_text("field", "The field."),
    Field{.name = "from", .description = "The text before.", .is_nullable = true},
    Field{.name = "to", .description = "The text after.", .is_nullable = true},
    optional(shown_list("added", "The values that were added to a list.")),
    optional(shown_list("removed", "The values that were removed from a list.")),
};
inline constexpr Schema kFieldDifference{"DossierFieldDifference", "How a field differs.",
                                         kFieldDifferenceFields};
inline constexpr std::array kNamedThingFields{kThingIdField, kThingNameField};
inline constexpr Schema kNamedThing{"DossierNamedThing", "A character, place or object.",
                                    kNamedThingFields};
inline constexpr std::array kChangedThingFields{
    kThingIdField, kThingNameField,
    things_field("fields", "The fields that differ.", kFieldDifference)};
inline constexpr Schema kChangedThing{"DossierChangedThing", "One that differs.",
                                      kChangedThingFields};
inline constexpr std::array kThingsDifferenceFields{
    things_field("added", "Those that are new.", kNamedThing),
    things_field("changed", "Those that differ.", kChangedThing),
    things_field("removed", "Those that are gone.", kNamedThing)};
inline constexpr Schema kThingsDifference{"DossierThingsDifference",
                                          "How characters, places or objects differ.",
                                          kThingsDifferenceFields};

constexpr Field difference_field(std::string_view name, const Schema& schema) {
  return {.name = name,
          .type = Type::object,
          .description = "Their differences.",
          .is_required = true,
          .schema = &schema};
}
inline constexpr std::array kChangesFields{
    difference_field("characters", kThingsDifference),
    difference_field("locations", kThingsDifference),
    difference_field("objects", kThingsDifference),
    difference_field("themes", kListDifference),
    difference_field("plot_points", kListDifference),
    difference_field("open_questions", kListDifference),
    things_field("story", "The fields of the story itself that differ.", kFieldDifference)};
inline constexpr Schema kChanges{"DossierDifferences", "The differences.", kChangesFields};

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
          .is_required = true,
          .schema = &kChanges},
};
inline constexpr Schema kDifference{"DossierDifference", "The difference between two versions.",
                                    kDifferenceFields};

}  // namespace fabula::api::dossier

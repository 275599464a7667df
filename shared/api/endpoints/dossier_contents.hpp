// The contents of a dossier, as clients read and write them.
#pragma once

#include <array>
#include <string_view>

#include "shared/api/schema.hpp"

namespace fabula::api::dossier {

constexpr Field shown_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .is_required = true};
}
constexpr Field shown_list(std::string_view name, std::string_view description) {
  return {.name = name,
          .type = Type::array,
          .description = description,
          .is_required = true,
          .item = Type::text};
}
constexpr Field optional(Field field) {
  field.is_required = false;
  return field;
}
constexpr Field nullable_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .is_required = true, .is_nullable = true};
}

// Fields that a story defines itself: a text or a list; null empties one.
inline constexpr std::string_view kFurtherFields =
    R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}},{"type":"null"}]})";

// A character also has `relations`: types that are generated from the document need them here, too.
inline constexpr std::string_view kFurtherFieldsOfCharacters =
    R"({"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}},)"
    R"({"type":"array","items":{"$ref":"#/components/schemas/DossierRelation"}},{"type":"null"}]})";

inline constexpr Field kThingIdField = shown_text("id", "The id, as long as it is the same one.");
inline constexpr Field kThingNameField = shown_text("name", "The name that it is shown by.");
inline constexpr Field kAliasesField = shown_list("aliases", "Its other names.");
inline constexpr Field kDescriptionField = shown_text("description", "The description.");
inline constexpr Field kRelationshipsField =
    shown_list("relationships", "Each with its kind, such as `sister: Nora`.");
inline constexpr std::array kRelationFields{
    shown_text("relation", "The relation of the other to the character, such as `sister`."),
    nullable_text("character_id", "The other; null: not known, or not in the dossier."),
    nullable_text("name", "The name of the other, as it is shown; null: the text has none.")};
inline constexpr Schema kRelation{"DossierRelation", "The relation of somebody to a character.",
                                  kRelationFields};
inline constexpr Field kRelationsField{.name = "relations",
                                       .type = Type::array,
                                       .description =
                                           "The relationships as objects, for reading: a request's "
                                           "are ignored, `relationships` is written.",
                                       .is_required = true,
                                       .schema = &kRelation};
inline constexpr Field kArcField =
    nullable_text("character_arc", "How the character changes; null: not known.");
inline constexpr Field kTraitsField = optional(shown_list("traits", "Traits."));
inline constexpr Field kLockedFieldsField =
    optional(shown_list("locked", "Fields that no model may change; `*`: none of them."));

constexpr Field known_text(std::string_view name, std::string_view description) {
  return optional(shown_text(name, description));
}
inline constexpr std::array kKnownFields{
    known_text("role", "The part in the story."),
    known_text("age", "The age, in the story's words."),
    known_text("gender", "The gender."),
    known_text("eye_colour", "The colour of the eyes."),
    known_text("hair_colour", "The colour of the hair."),
    known_text("alive", "Whether the character lives."),
    known_text("occupation", "The occupation."),
    known_text("birthplace", "Where the character was born."),
    known_text("mother", "The mother."),
    known_text("father", "The father."),
    known_text("spouse", "The spouse."),
};

template <std::size_t kFirst, std::size_t kSecond>
constexpr auto with(const std::array<Field, kFirst>& first,
                    const std::array<Field, kSecond>& second) {
  std::array<Field, kFirst + kSecond> all;
  for (std::size_t i = 0; i < kFirst; ++i) all[i] = first[i];
  for (std::size_t i = 0; i < kSecond; ++i) all[kFirst + i] = second[i];
  return all;
}

inline constexpr auto kCharacterFields = with(
    std::array{kThingIdField, kThingNameField, kAliasesField, kDescriptionField,
               kRelationshipsField, kRelationsField, kArcField, kTraitsField, kLockedFieldsField},
    kKnownFields);
inline constexpr Schema kCharacter{"DossierCharacter", "A character of a story.", kCharacterFields,
                                   kFurtherFieldsOfCharacters};

inline constexpr std::array kThingFields{kThingIdField, kThingNameField, kAliasesField,
                                         kDescriptionField, kLockedFieldsField};
inline constexpr Schema kThing{"DossierThing", "A place or an object of a story.", kThingFields,
                               kFurtherFields};

inline constexpr std::array<std::string_view, 4> kQuestionKinds{"contradiction", "challenge",
                                                                "ambiguous_name", "asked"};
inline constexpr std::array kQuestionValueFields{
    shown_text("entry", "The entry of the log that states it, to choose it by."),
    shown_text("value", "The value."),
    nullable_text("quote", "The words that it comes from."),
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message of these words.",
          .is_required = true,
          .is_nullable = true},
};
inline constexpr Schema kQuestionValue{"DossierQuestionValue", "A value to choose from.",
                                       kQuestionValueFields};
inline constexpr std::array kQuestionFields{
    shown_text("id", "The question."),
    Field{.name = "kind",
          .description = "The reason of the question.",
          .is_required = true,
          .choices = kQuestionKinds},
    shown_text("text", "The question in words."),
    Field{.name = "field", .description = "The field in question."},
    Field{.name = "target", .description = "The owner of the field."},
    Field{.name = "values",
          .type = Type::array,
          .description = "The choices.",
          .is_required = true,
          .schema = &kQuestionValue},
};
inline constexpr Schema kQuestion{"DossierQuestion", "A question for a person to decide.",
                                  kQuestionFields};

constexpr Field things_field(std::string_view name, std::string_view description,
                             const Schema& schema) {
  return {.name = name,
          .type = Type::array,
          .description = description,
          .is_required = true,
          .schema = &schema};
}
inline constexpr std::array kStoryFieldsOfSnapshot{
    known_text("title", "The story's title."),
    known_text("logline", "The story in a sentence."),
    known_text("genre", "The genre."),
    known_text("tone", "The tone."),
};

inline constexpr auto kSnapshotFields = with(
    std::array{
        things_field("characters", "The characters.", kCharacter),
        shown_list("themes", "The themes."), things_field("locations", "The places.", kThing),
        shown_list("plot_points", "The plot, in the order of the story."),
        things_field("objects", "The objects.", kThing),
        things_field("open_questions", "A question that a person should decide.", kQuestion)},
    kStoryFieldsOfSnapshot);
inline constexpr Schema kSnapshot{"DossierSnapshot", "The known facts about a story.",
                                  kSnapshotFields, "true"};

// In a request every field except the name may be left out.
template <std::size_t kCount>
constexpr auto for_writing(const std::array<Field, kCount>& fields) {
  auto written = fields;
  for (auto& field : written) field.is_required = field.name == "name" || field.name == "text";
  return written;
}
inline constexpr auto kCharacterContentsFields = for_writing(kCharacterFields);
inline constexpr Schema kCharacterContents{"DossierCharacterContents", "A character to write.",
                                           kCharacterContentsFields, kFurtherFieldsOfCharacters};
inline constexpr auto kThingContentsFields = for_writing(kThingFields);
inline constexpr Schema kThingContents{"DossierThingContents", "A place or an object to write.",
                                       kThingContentsFields, kFurtherFields};
inline constexpr auto kQuestionContentsFields =
    for_writing(std::array{kQuestionFields[0], kQuestionFields[1], kQuestionFields[2]});
inline constexpr Schema kQuestionContents{
    "DossierQuestionContents", "A question of a person's own.", kQuestionContentsFields, "true"};

inline constexpr auto kContentsFields = for_writing(
    with(std::array{things_field("characters", "The characters.", kCharacterContents),
                    shown_list("themes", "The themes."),
                    things_field("locations", "The places.", kThingContents),
                    shown_list("plot_points", "The plot, in the order of the story."),
                    things_field("objects", "The objects.", kThingContents),
                    things_field("open_questions", "Questions for a person.", kQuestionContents)},
         kStoryFieldsOfSnapshot));
inline constexpr Schema kContents{"DossierContents", "The contents of a dossier to write.",
                                  kContentsFields};

}  // namespace fabula::api::dossier

// The endpoints of the companion function for characters and their cards.
#pragma once

#include <array>

#include "shared/api/endpoints/companion.hpp"
#include "shared/api/endpoints/memories.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::companion {

// The texts that go into a prompt have at most this many bytes together
// (supabase/schemas/companion).
inline constexpr std::int64_t kMaximumPersonaBytes = 100'000;
inline constexpr std::uint32_t kMaximumCardBytes = 1024 * 1024;

inline constexpr std::array<std::string_view, 2> kVisibilities{"private", "public"};

constexpr Field persona_field(std::string_view name, std::string_view description) {
  return {.name = name,
          .description = description,
          .is_nullable = true,
          .maximum_bytes = kMaximumPersonaBytes};
}

inline constexpr Field kNameField{.name = "name",
                                  .description = "The name, which {{char}} stands for.",
                                  .maximum = kMaximumNameCharacters,
                                  .is_not_blank = true};

constexpr auto writable_fields(bool is_new) {
  Field name = kNameField;
  name.is_required = is_new;
  return std::array{
      name,
      persona_field("persona",
                    "Who this is. In all of these texts {{char}} and {{user}} stand for names; the "
                    "ones up to closing_instructions have at most 100000 bytes together."),
      persona_field("personality", "The personality in short."),
      persona_field("scenario", "Where and when the conversation takes place."),
      persona_field("example_dialogue", "Examples of how the character speaks."),
      persona_field("system_prompt",
                    "Replaces this server's instructions, which {{original}} stands for."),
      persona_field("closing_instructions", "A reminder for the model, after everything else."),
      persona_field("greeting", "The conversation's first message."),
      Field{.name = "alternative_greetings",
            .type = Type::array,
            .description = "Other first messages, at most 400000 bytes together.",
            .is_nullable = true,
            .maximum = kMaximumGreetings},
      Field{.name = "model",
            .description = "The model that speaks, one that this server allows.",
            .is_nullable = true,
            .maximum = kMaximumModelCharacters},
      Field{.name = "voice",
            .description = "The voice, as the client's speech service names it.",
            .is_nullable = true,
            .maximum = kMaximumNameCharacters},
      Field{.name = "avatar",
            .description = "The picture's place in Supabase Storage, bucket/path.",
            .is_nullable = true,
            .minimum = 3,
            .maximum = 1024},
      Field{.name = "visibility",
            .description = "private: only the owner sees it. public: everybody may talk to it, and "
                           "read all of it.",
            .choices = kVisibilities,
            .default_json = "\"private\""},
      kActingUserField,
  };
}

inline constexpr auto kNewCharacterFields = writable_fields(true);
inline constexpr Schema kNewCharacter{"NewCharacter", "A character.", kNewCharacterFields};
inline constexpr auto kCharacterChangeFields = writable_fields(false);
inline constexpr Schema kCharacterChange{"CharacterChange", "Changes of a character; null empties.",
                                         kCharacterChangeFields};

constexpr Field told_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .is_required = true};
}
constexpr Field told_or_null(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .is_required = true, .is_nullable = true};
}

inline constexpr std::array kCharacterFields{
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "The character.",
          .is_required = true},
    Field{.name = "user_id", .type = Type::uuid, .description = "The owner.", .is_required = true},
    told_text("name", "The name."),
    told_text("persona", "Who this is."),
    told_text("personality", "The personality in short."),
    told_text("scenario", "Where and when."),
    told_text("example_dialogue", "Examples of how the character speaks."),
    told_text("system_prompt", "Replaces this server's instructions."),
    told_text("closing_instructions", "A reminder for the model, after everything else."),
    told_text("greeting", "The conversation's first message."),
    Field{.name = "alternative_greetings",
          .type = Type::array,
          .description = "Other first messages.",
          .is_required = true},
    told_or_null("model", "The model that speaks."),
    told_or_null("voice", "The voice."),
    told_or_null("avatar", "The picture's place in Supabase Storage."),
    Field{.name = "visibility",
          .description = "Who may see it.",
          .is_required = true,
          .choices = kVisibilities},
    Field{.name = "has_card",
          .type = Type::boolean,
          .description = "Whether it was imported from a card.",
          .is_required = true},
    kCreatedAt,
    kUpdatedAt,
};
inline constexpr Schema kCharacter{"Character", "A companion's character.", kCharacterFields};

inline constexpr std::array<std::string_view, 2> kCardSpecs{"chara_card_v2", "chara_card_v3"};

constexpr Field card_text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .maximum_bytes = kMaximumPersonaBytes};
}

inline constexpr std::array kCardDataFields{
    Field{.name = "name",
          .description = "The name.",
          .is_required = true,
          .maximum = kMaximumNameCharacters,
          .is_not_blank = true},
    card_text("description", "Becomes persona."),
    card_text("personality", "The personality."),
    card_text("scenario", "The scenario."),
    card_text("first_mes", "Becomes greeting."),
    card_text("mes_example", "Becomes example_dialogue."),
    card_text("system_prompt", "The system prompt."),
    card_text("post_history_instructions", "Becomes closing_instructions."),
    Field{.name = "alternate_greetings",
          .type = Type::array,
          .description = "Becomes alternative_greetings.",
          .maximum = kMaximumGreetings},
    card_text("creator_notes", "Kept."),
    card_text("creator", "Kept."),
    card_text("character_version", "Kept."),
    card_text("nickname", "The value of {{char}}, instead of the name."),
    Field{.name = "tags", .type = Type::array, .description = "Kept."},
    Field{.name = "extensions", .type = Type::object, .description = "Kept."},
    Field{.name = "character_book", .type = Type::object, .description = "Kept, and not used yet."},
};
inline constexpr Schema kCardData{"CharacterCardData", "A card's data; unknown members are kept.",
                                  kCardDataFields};

inline constexpr std::array kCardFields{
    Field{.name = "spec",
          .description = "The card's version.",
          .is_required = true,
          .choices = kCardSpecs},
    Field{.name = "spec_version", .description = "2.0 or 3.0.", .maximum = 16},
    Field{.name = "data",
          .type = Type::object,
          .description = "The character.",
          .is_required = true,
          .schema = &kCardData},
};
inline constexpr Schema kCard{
    "CharacterCard", "A character card V2 or V3 as JSON; unknown members are kept.", kCardFields};

inline constexpr std::array kCardQueryFields{
    Field{.name = "spec",
          .description = "The card's version; without it that of the imported card, else V2.",
          .choices = kCardSpecs},
    kActingUserField};
inline constexpr Schema kCardQuery{"CharacterCardQuery", "", kCardQueryFields};

inline constexpr std::array kCharactersFields{limit_field("20"), kOffsetField, kActingUserField};
inline constexpr Schema kCharactersQuery{"CharactersQuery", "", kCharactersFields};

inline constexpr std::array kCharacterRefusals{ErrorCode::forbidden};

inline constexpr Operation kListCharacters{
    .id = "list_characters",
    .method = "GET",
    .pattern = "/companion/characters",
    .summary = "The caller's characters and the public ones, the newest first",
    .query = &kCharactersQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kCharacter, .description = "A page of them."},
    .acts_for_users = true};

inline constexpr Operation kCreateCharacter{
    .id = "create_character",
    .method = "POST",
    .pattern = "/companion/characters",
    .summary = "Create a character",
    .body = &kNewCharacter,
    .maximum_body_bytes = kMaximumCardBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 201,
               .schema = &kCharacter,
               .description = "The new character.",
               .has_etag = true,
               .location = "/companion/characters/{character_id}"},
    .stores_text = true,
    .acts_for_users = true,
    .body_example = R"({"name":"Mara","persona":"{{char}} keeps the lighthouse.",)"
                    R"("greeting":"Come in, {{user}}."})"};

inline constexpr Operation kImportCharacter{
    .id = "import_character",
    .method = "POST",
    .pattern = "/companion/characters/import",
    .summary = "Create a character from a card",
    .body = &kCard,
    .maximum_body_bytes = kMaximumCardBytes,
    .takes_idempotency_key = true,
    .answer = {.status = 201,
               .schema = &kCharacter,
               .description = "The new character.",
               .has_etag = true,
               .location = "/companion/characters/{character_id}"},
    .stores_text = true,
    .acts_for_users = true,
    .body_example = R"({"spec":"chara_card_v2","spec_version":"2.0","data":{"name":"Mara"}})"};

inline constexpr Operation kReadCharacter{
    .id = "read_character",
    .method = "GET",
    .pattern = "/companion/characters/{companion_id}",
    .summary = "One of the caller's characters, or a public one",
    .query = &kActingQuery,
    .answer = {.schema = &kCharacter, .description = "The character.", .has_etag = true},
    .acts_for_users = true};

inline constexpr Operation kExportCharacter{
    .id = "export_character",
    .method = "GET",
    .pattern = "/companion/characters/{companion_id}/card",
    .summary = "A character as a card",
    .query = &kCardQuery,
    .answer = {.schema = &kCard, .description = "The card."},
    .acts_for_users = true};

inline constexpr Operation kUpdateCharacter{.id = "update_character",
                                            .method = "PATCH",
                                            .pattern = "/companion/characters/{companion_id}",
                                            .summary = "Change one of the caller's characters",
                                            .body = &kCharacterChange,
                                            .maximum_body_bytes = kMaximumCardBytes,
                                            .takes_if_match = true,
                                            .answer = {.schema = &kCharacter,
                                                       .description = "The character as it is now.",
                                                       .has_etag = true},
                                            .stores_text = true,
                                            .refusals = kCharacterRefusals,
                                            .acts_for_users = true};

inline constexpr Operation kDeleteCharacter{
    .id = "delete_character",
    .method = "DELETE",
    .pattern = "/companion/characters/{companion_id}",
    .summary = "Delete one of the caller's characters",
    .query = &kActingQuery,
    .takes_if_match = true,
    .answer = {.schema = &kDone, .description = "It is deleted."},
    .refusals = kCharacterRefusals,
    .acts_for_users = true};

inline constexpr std::array kOperations{kChat,
                                        kChatStream,
                                        kHealth,
                                        kReady,
                                        kReadConversation,
                                        kDeleteConversation,
                                        kListConversations,
                                        kStartConversation,
                                        kChooseGreeting,
                                        kRestoreConversation,
                                        kListCharacters,
                                        kCreateCharacter,
                                        kImportCharacter,
                                        kReadCharacter,
                                        kExportCharacter,
                                        kUpdateCharacter,
                                        kDeleteCharacter,
                                        kListMemories,
                                        kAddMemory,
                                        kExportMemories,
                                        kChangeMemory,
                                        kForgetMemory};

}  // namespace fabula::api::companion

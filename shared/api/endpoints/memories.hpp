// The endpoints of the companion function for a companion's memory.
#pragma once

#include <array>

#include "shared/api/endpoints/companion.hpp"
#include "shared/api/operation.hpp"

namespace fabula::api::companion {

inline constexpr std::int64_t kMaximumMemoryBytes = 1000;

inline constexpr std::array<std::string_view, 5> kMemoryTypes{"user_fact", "relation", "promise",
                                                              "preference", "event"};
inline constexpr std::array<std::string_view, 2> kMemorySources{"extracted", "user"};

constexpr Field memory_text(bool is_required) {
  return {.name = "text",
          .description = "One sentence, as the companion is told it.",
          .is_required = is_required,
          .maximum_bytes = kMaximumMemoryBytes,
          .is_not_blank = true};
}
constexpr Field memory_type(bool is_required) {
  return {.name = "type",
          .description =
              "What it is about: the user, the user and the companion, a promise, what "
              "the user likes, or something that happens on a day.",
          .is_required = is_required,
          .choices = kMemoryTypes,
          .default_json = is_required ? std::string_view() : "\"user_fact\""};
}
constexpr Field memory_pin(std::string_view description, bool is_required) {
  return {.name = "is_pinned",
          .type = Type::boolean,
          .description = description,
          .is_required = is_required};
}

inline constexpr std::array kNewMemoryFields{
    memory_text(true), memory_type(false),
    memory_pin("Whether the companion is always told it.", false), kActingUserField};
inline constexpr Schema kNewMemory{"NewMemory", "Something to remember.", kNewMemoryFields};

inline constexpr std::array kMemoryChangeFields{
    memory_text(false), Field{.name = "type", .description = "Its type.", .choices = kMemoryTypes},
    memory_pin("Pinned memories are always told, are kept when what was said is edited or deleted, "
               "and are changed by nobody but the user.",
               false),
    kActingUserField};
inline constexpr Schema kMemoryChange{"MemoryChange", "A correction, or a pin.",
                                      kMemoryChangeFields};

inline constexpr std::array kMemoryFields{
    Field{.name = "memory_id", .description = "The memory.", .is_required = true},
    memory_type(true),
    memory_text(true),
    Field{.name = "date",
          .description = "The day that it is about, YYYY-MM-DD.",
          .is_required = true,
          .is_nullable = true},
    memory_pin("Whether it is pinned.", true),
    Field{.name = "source",
          .description = "extracted: found in what the user said. user: written down or corrected "
                         "by the user.",
          .is_required = true,
          .choices = kMemorySources},
    Field{.name = "quote",
          .description = "The user's words that it was found in.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "message_id",
          .type = Type::uuid,
          .description = "The message that has them.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "said_at",
          .type = Type::timestamp,
          .description = "When it was said last.",
          .is_required = true},
    kUpdatedAt,
};
inline constexpr Schema kMemory{"CompanionMemory", "Something that a companion remembers.",
                                kMemoryFields};

inline constexpr std::array kMemoryExportFields{
    Field{.name = "character_id",
          .type = Type::uuid,
          .description = "The character; null for the companion without one.",
          .is_required = true,
          .is_nullable = true},
    Field{.name = "exported_at",
          .type = Type::timestamp,
          .description = "The time of the export.",
          .is_required = true},
    Field{.name = "memories",
          .type = Type::array,
          .description = "All memories, the oldest first.",
          .is_required = true,
          .schema = &kMemory},
};
inline constexpr Schema kMemoryExport{"CompanionMemories", "All that a companion remembers.",
                                      kMemoryExportFields};

inline constexpr std::array kMemoriesQueryFields{limit_field("20"), kOffsetField, kActingUserField};
inline constexpr Schema kMemoriesQuery{"MemoriesQuery", "", kMemoriesQueryFields};

inline constexpr std::array kMemoryRefusals{ErrorCode::body_too_large};

inline constexpr Operation kListMemories{
    .id = "list_memories",
    .method = "GET",
    .pattern = "/companion/characters/{companion_id}/memories",
    .summary = "A companion's memories of the caller, the latest first",
    .query = &kMemoriesQuery,
    .answer = {.kind = AnswerKind::list, .schema = &kMemory, .description = "A page of it."},
    .acts_for_users = true,
    .description =
        "What conversations with no character, or with an unknown one, have told is "
        "remembered too: the companion without a character has the id "
        "00000000-0000-0000-0000-000000000000."};

inline constexpr Operation kAddMemory{
    .id = "add_memory",
    .method = "POST",
    .pattern = "/companion/characters/{companion_id}/memories",
    .summary = "Tell a companion something to remember",
    .body = &kNewMemory,
    .answer = {.status = 201,
               .schema = &kMemory,
               .description = "The memory.",
               .location = "/companion/characters/{companion_id}/memories/{memory_id}"},
    .refusals = kMemoryRefusals,
    .acts_for_users = true,
    .body_example = R"({"text":"The user's sister is called Ada."})"};

inline constexpr Operation kExportMemories{
    .id = "export_memories",
    .method = "GET",
    .pattern = "/companion/characters/{companion_id}/memories/export",
    .summary = "All that a companion remembers of the caller, as one document",
    .query = &kActingQuery,
    .answer = {.schema = &kMemoryExport, .description = "The memories."},
    .acts_for_users = true};

inline constexpr Operation kChangeMemory{
    .id = "change_memory",
    .method = "PATCH",
    .pattern = "/companion/characters/{companion_id}/memories/{memory_id}",
    .summary = "Correct or pin something that a companion remembers",
    .body = &kMemoryChange,
    .answer = {.schema = &kMemory, .description = "The memory as it is now."},
    .refusals = kMemoryRefusals,
    .acts_for_users = true,
    .description =
        "A correction takes the place of what was remembered, which does not come back."};

inline constexpr Operation kForgetMemory{
    .id = "forget_memory",
    .method = "DELETE",
    .pattern = "/companion/characters/{companion_id}/memories/{memory_id}",
    .summary = "Have a companion forget something for good",
    .query = &kActingQuery,
    .answer = {.schema = &kDone, .description = "It is forgotten."},
    .refusals = kMemoryRefusals,
    .acts_for_users = true,
    .description =
        "It is not remembered again from what has been said or will be said, in whatever "
        "words: only the caller can add it again."};

}  // namespace fabula::api::companion

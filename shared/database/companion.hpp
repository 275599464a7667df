// The database's functions for companions' characters and conversations.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"
#include "shared/json/document.hpp"

namespace fabula::database {

// Endpoints pass the answers of these functions on.
inline constexpr Declaration kStartConversation{"start_conversation", kNever};
inline constexpr Declaration kReadConversation{"read_conversation", kOnceMore};
inline constexpr Declaration kListConversations{"list_conversations", kOnceMore};
inline constexpr Declaration kDeleteConversation{"delete_conversation", kNever};
inline constexpr Declaration kChooseGreeting{"choose_greeting", kOnceMore};

inline constexpr Declaration kUpdateCharacter{"update_character", kNever};
inline constexpr Declaration kReadCharacter{"read_character", kOnceMore};
inline constexpr Declaration kListCharacters{"list_characters", kOnceMore};
inline constexpr Declaration kDeleteCharacter{"delete_character", kNever};

struct SaveCharacter {
  const auth::Principal& principal;
  std::string_view body_json;  // checked by the endpoint
};

void write_save_character(std::string& out, const SaveCharacter& request);

inline constexpr Function<SaveCharacter, std::string> kSaveCharacter{
    {"save_character", kNever}, &write_save_character, &keep_envelope};

struct ReadCharacterCard {
  const auth::Principal& principal;
  std::string_view character_id;
};

struct CharacterCard {
  json::Document character;
  json::Document card;  // as it was imported; null if there was no import
};

void write_read_character_card(std::string& out, const ReadCharacterCard& request);
std::optional<CharacterCard> read_character_card(std::string answer);

inline constexpr Function<ReadCharacterCard, CharacterCard> kReadCharacterCard{
    {"read_character_card", kOnceMore}, &write_read_character_card, &read_character_card};

}  // namespace fabula::database

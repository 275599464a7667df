// The community's character cards, V2 and V3, as JSON. One table maps members to columns of a
// character; all other members are kept with the card and returned with it.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::characters {

// The columns of the character that a card describes, as a JSON object for save_character. The card
// must have been checked against its declaration (shared/api/endpoints/characters.hpp).
std::string character_of_card(const json::Document& card);

// The card of a character as the database describes it: the imported card with the changes made
// since, so that an unchanged card is returned as it came; a new card if `imported` is null. `spec`
// is chara_card_v2 or chara_card_v3; empty: that of the imported card, else V2.
json::Document card_of_character(const json::Document& character, const json::Document& imported,
                                 std::string_view spec);

}  // namespace fabula::characters

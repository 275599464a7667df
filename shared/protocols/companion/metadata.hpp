// The metadata of a conversation and its character in a reply.
#pragma once

#include <string_view>

#include "shared/json/text.hpp"
#include "shared/turn/begin.hpp"

namespace fabula::protocols::companion {

// Writes conversation_id, and for a conversation with a character character_id and character_known,
// which is false for a stored id that no character here has.
void write_conversation(json::Writer& writer, const turn::BegunTurn& turn);

}  // namespace fabula::protocols::companion

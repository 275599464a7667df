// What is told of a conversation and its character beside a reply.
#pragma once

#include <string_view>

#include "shared/json/text.hpp"
#include "shared/turn/begin.hpp"

namespace fabula::protocols::companion {

// Writes conversation_id, and of a conversation with a character character_id and character_known,
// which is false for an id that is kept and means nobody here.
void write_conversation(json::Writer& writer, const turn::BegunTurn& turn);

}  // namespace fabula::protocols::companion

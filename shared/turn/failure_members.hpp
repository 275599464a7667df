// What protocols whose errors are JSON objects tell of a failure besides its code and its words.
#pragma once

#include "shared/json/text.hpp"
#include "shared/turn/event.hpp"

namespace fabula::turn {

// Writes the members of an object that has begun: retry_after_ms, stored_bytes and user_message_id,
// each if it is known.
void write_failure_members(json::Writer& writer, const event::Failed& failed);

}  // namespace fabula::turn

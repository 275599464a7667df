// The members of a failure, besides code and message, in protocols whose errors are JSON objects.
#pragma once

#include "shared/json/text.hpp"
#include "shared/turn/event.hpp"

namespace fabula::turn {

// Writes members into an open object: retry_after_ms, stored_bytes and user_message_id, each if it
// is known.
void write_failure_members(json::Writer& writer, const event::Failed& failed);

}  // namespace fabula::turn

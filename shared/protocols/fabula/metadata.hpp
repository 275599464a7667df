// The ids and metadata of a stored reply, in this protocol's format.
#pragma once

#include <string_view>

#include "shared/json/text.hpp"
#include "shared/turn/event.hpp"

namespace fabula::protocols::fabula {

// Writes the object. Unknown members are left out, except that tokens which were not counted are
// null.
void write_metadata(json::Writer& writer, const turn::event::Stored& stored,
                    std::string_view new_guest_token);

}  // namespace fabula::protocols::fabula

// The ids and facts of a reply that is stored, as this protocol's clients see them.
#pragma once

#include <string_view>

#include "shared/json/text.hpp"
#include "shared/turn/event.hpp"

namespace fabula::protocols::fabula {

// Writes the object. What is not known is left out, but that tokens were not counted is said.
void write_metadata(json::Writer& writer, const turn::event::Stored& stored,
                    std::string_view new_guest_token);

}  // namespace fabula::protocols::fabula

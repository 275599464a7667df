// Lists of models that a setting allows: `openai:gpt-4o-mini,openrouter:*`. Entries have the form
// of a route's, and `*` means all models of a provider.
#pragma once

#include <optional>
#include <string_view>

#include "shared/llm/route/route.hpp"

namespace fabula::llm {

bool is_listed(std::string_view models, const RouteEntry& wanted);

// The model with this name, if the list has it. A name without a provider (`gpt-4o-mini`) means the
// first entry with this model, else the first provider whose models are all listed; names may
// contain colons and slashes.
std::optional<RouteEntry> find_listed(std::string_view models, std::string_view name);

}  // namespace fabula::llm

// Lists of models that a setting allows: `openai:gpt-4o-mini,openrouter:*`. Entries are those of
// routes, and `*` stands for all models of a provider.
#pragma once

#include <optional>
#include <string_view>

#include "shared/llm/route/route.hpp"

namespace fabula::llm {

bool is_listed(std::string_view models, const RouteEntry& wanted);

// The model that somebody names, if the list has it. A name without a provider (`gpt-4o-mini`) is
// that of the first entry with this model, or else one of the first provider all of whose models
// are listed; names may hold colons and slashes.
std::optional<RouteEntry> find_listed(std::string_view models, std::string_view name);

}  // namespace fabula::llm

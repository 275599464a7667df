// The model that a request or a character names, if the deployment allows it: FABULA_MODELS, by
// default the models of all routes, and all of OpenRouter's if there is a key for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::engine {

// The one model of this name, `provider:model` or the model's alone. invalid_request with the path
// `model` and the allowed ones if it is not allowed, or cannot be asked here.
Result<Endpoints> choose_model(Call& call, std::string_view name);

// Refuses (invalid_request, path `max_tokens`) more tokens than FABULA_MAX_OUTPUT_TOKENS.
Result<void> check_maximum_tokens(Call& call, std::optional<std::int64_t> tokens);

}  // namespace fabula::engine

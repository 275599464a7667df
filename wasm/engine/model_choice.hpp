// The model that a request or a character names, as far as the deployment allows it: FABULA_MODELS,
// by default the models of all routes, and every one of OpenRouter's if there is a key for it.
#pragma once

#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::engine {

// The one model of this name, `provider:model` or the model's alone. invalid_request with the path
// `model` if it is not allowed, or cannot be asked here.
Result<Endpoints> choose_model(Call& call, std::string_view name);

}  // namespace fabula::engine

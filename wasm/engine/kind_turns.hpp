// The prompts and models of a kind's turns, for functions that serve conversations of several
// kinds.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "shared/turn/begin.hpp"
#include "shared/turn/kind.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/model_route.hpp"

namespace fabula::engine {

// The system prompt of the kind's first purpose, or the deployment's in its place, which has no
// label. Views live as long as the call.
struct KindPrompt {
  std::string_view text;
  std::string_view label;
};
KindPrompt kind_prompt(Call& call, const turn::Kind& kind);

// The models of the kind's first purpose, else those of MODEL_CHAT.
Result<Endpoints> kind_models(Call& call, const turn::Kind& kind);

// Asks the character's own model, if it has one and the deployment allows it.
void prefer_model_of(Call& call, const turn::BegunTurn& turn, Endpoints& endpoints);

// begin_turn's `kinds`: the prompts of these kinds. `user_word` as in turn::CompanionRequest.
std::string describe_kinds(Call& call, std::span<const turn::Kind* const> kinds,
                           std::string_view user_word);

}  // namespace fabula::engine

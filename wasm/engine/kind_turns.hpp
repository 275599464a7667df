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
#include "wasm/engine/turn.hpp"

namespace fabula::engine {

// The system prompt of the kind's first purpose, or the deployment's replacement, which has no
// label. Views live as long as the call.
struct KindPrompt {
  std::string_view text;
  std::string_view label;
};
KindPrompt kind_prompt(Call& call, const turn::Kind& kind);

// The models of the kind's first purpose, else those of MODEL_CHAT.
Result<Endpoints> kind_models(Call& call, const turn::Kind& kind);

// The turn's own model; without one the models of `setting`, else those of `other`.
Result<Endpoints> turn_models(Call& call, const turn::ModelSettings& chosen,
                              const settings::Setting& setting, const settings::Setting& other);

// Replaces `answering`'s models by the session's own model, else the character's, if the deployment
// allows it and it accepts the attachments.
void prefer_own_model(Call& call, const turn::BegunTurn& turn, Answering& answering);

// begin_turn's `kinds`: the prompts of these kinds. `user_word` as in turn::CompanionRequest.
std::string describe_kinds(Call& call, std::span<const turn::Kind* const> kinds,
                           std::string_view user_word);

}  // namespace fabula::engine

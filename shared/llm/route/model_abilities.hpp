// What a model takes besides text, known from its name. Names are the providers' own and change
// often: what is not known is left out of the request (a temperature), told in words (a schema) or
// refused until a setting says otherwise (images).
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/llm/route/providers.hpp"
#include "shared/llm/stream/thought_splitter.hpp"

namespace fabula::llm {

// OpenAI's reasoning models (o1, gpt-5-mini, openai/o4-mini) and Claude from 4.7 on answer 400 to
// any other temperature than their own.
bool takes_temperature(std::string_view model);

// The provider's way, or `told` for the models of it that have no such field: GPT-4 and older,
// Claude before 4.1.
SchemaUse schema_use(const Provider& provider, std::string_view model);

// How Gemini's models are told how much they may think. Of others, and of those that do not think
// unless they are told to, nothing is known.
enum class ThinkingUse : std::uint8_t { unknown, budget, level };
ThinkingUse thinking_use(std::string_view model);

// How the model's reasoning stands in its text, where the server does not take it out.
// `is_own_server`: the operator's address is asked in place of the provider's (has_own_address).
ThoughtForm thought_form(const Provider& provider, std::string_view model, bool is_own_server);

// Whether images can be shown to the model. Of hosted models only the well-known families are
// known to see: for others `seeing_models` says it, the value of FABULA_VISION_MODELS, which lists
// entries as routes have them: `ollama:my-model,hf:some/model`.
bool takes_images(const Provider& provider, std::string_view model,
                  std::string_view seeing_models = {});

// Whether images may be given to the model by URL; else their bytes must be sent.
bool fetches_images(const Provider& provider, std::string_view model);

}  // namespace fabula::llm

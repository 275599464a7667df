// The abilities of a model besides text, derived from its name. Providers choose names and change
// them often: unsupported or unknown abilities are left out of the request (a temperature),
// described in words (a schema) or refused until a setting allows them (images).
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/llm/route/providers.hpp"
#include "shared/llm/stream/thought_splitter.hpp"

namespace fabula::llm {

// OpenAI's reasoning models (o1, gpt-5-mini, openai/o4-mini) and Claude from 4.7 on answer 400 to
// any temperature but their own.
bool takes_temperature(std::string_view model);

// The provider's way, or `told` for those of its models that have no such field: GPT-4 and older,
// Claude before 4.1.
SchemaUse schema_use(const Provider& provider, std::string_view model);

// How Gemini's models are limited in their thinking. `unknown`: other models, and those that do not
// think by default.
enum class ThinkingUse : std::uint8_t { unknown, budget, level };
ThinkingUse thinking_use(std::string_view model);

// The form of the model's reasoning in its text, if the server does not separate it.
// `is_own_server`: requests go to the operator's address instead of the provider's
// (has_own_address).
ThoughtForm thought_form(const Provider& provider, std::string_view model, bool is_own_server);

// Whether the model accepts images. Among hosted models only the well-known families are known to:
// others must be in `seeing_models`, the value of FABULA_VISION_MODELS, with entries like a
// route's: `ollama:my-model,hf:some/model`.
bool takes_images(const Provider& provider, std::string_view model,
                  std::string_view seeing_models = {});

// Whether the model accepts images by URL; otherwise their bytes must be sent.
bool fetches_images(const Provider& provider, std::string_view model);

}  // namespace fabula::llm

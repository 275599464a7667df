// Whether a model can continue an unfinished answer of its own.
#pragma once

#include <string_view>

#include "shared/llm/route/providers.hpp"

namespace fabula::llm {

// Whether a conversation may end with the model's own text, which it then continues exactly:
// Mistral's models, and Claude until 4.5. Others refuse it, or answer it like any other message.
bool continues_own_words(const Provider& provider, std::string_view model);

// A JSON string's contents without white space at their end, which Anthropic does not accept there.
std::string_view without_trailing_space_json(std::string_view contents);

}  // namespace fabula::llm

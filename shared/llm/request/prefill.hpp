// Whether a model goes on with an unfinished answer of its own.
#pragma once

#include <string_view>

#include "shared/llm/route/providers.hpp"

namespace fabula::llm {

// Whether a conversation may end with the model's own words, which it then continues to the letter:
// Mistral's models, and Claude until 4.5. Others refuse it, or answer it as any other message.
bool continues_own_words(const Provider& provider, std::string_view model);

// A JSON string's contents without the white space at their end, which Anthropic does not take
// there.
std::string_view without_trailing_space_json(std::string_view contents);

}  // namespace fabula::llm

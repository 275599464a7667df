// Removes what looks like a secret from a foreign text before it is logged.
#pragma once

#include <string>
#include <string_view>

namespace fabula::llm {

// Replaces each word that begins as the known kinds of keys and tokens do, or is as long and mixed
// as only generated ones are, by `[removed]`. Ordinary words, model names and request ids stay.
std::string without_secrets(std::string_view text);

}  // namespace fabula::llm

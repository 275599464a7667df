// Errors in a body that should be an event stream and is not, or only partly: llama.cpp up to 2025
// wrote `error: {...}`, and gateways pass a JSON error on unchanged. A reader of event streams
// ignores both kinds of lines.
#pragma once

#include <optional>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

// `ignored_text`: from sse::Decoder. A text that has no error in it is a problem only when there
// was no event at all.
std::optional<Problem> unframed_error(std::string_view ignored_text, bool has_events);

}  // namespace fabula::llm

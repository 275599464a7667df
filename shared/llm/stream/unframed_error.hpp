// Errors in a body that should be an event stream and is not, or not all of it: llama.cpp up to
// 2025 wrote `error: {...}`, and gateways pass a JSON error on as it is. Both are lines that an
// event stream's reader ignores.
#pragma once

#include <optional>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

// `ignored_text`: of sse::Decoder. Text without an error in it is one only when there was no event
// at all; nothing when it is no problem.
std::optional<Problem> unframed_error(std::string_view ignored_text, bool has_events);

}  // namespace fabula::llm

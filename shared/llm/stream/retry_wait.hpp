// How long a provider asks to wait, from the places where providers put it.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::llm {

// Each answers in milliseconds, and 0 when nothing is said; a day at most.

// The header Retry-After: seconds, also with a fraction, or a date as HTTP writes it. `now_ms` is
// since 1970; 0: not known, so a date says nothing.
std::int64_t wait_in_header_ms(std::string_view retry_after, std::int64_t now_ms);
// The header retry-after-ms.
std::int64_t wait_in_milliseconds_ms(std::string_view value);
// An error object, and what its words are (message_in): Google's `retryDelay`, a member
// `retry_after` and the like, `X-RateLimit-Reset` among headers that a gateway passes on in
// `metadata`; else what the words say, "Please try again in 7m12.5s".
std::int64_t wait_in_error_ms(const json::Document& error, std::string_view words,
                              std::int64_t now_ms);

}  // namespace fabula::llm

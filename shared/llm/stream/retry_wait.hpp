// The time that a provider asks to wait, from all the places where providers put it.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::llm {

// Each returns milliseconds, at most a day, and 0 when there is no such request.

// The header Retry-After: seconds, also with a fraction, or an HTTP date. `now_ms` is since 1970;
// 0: unknown, so a date is ignored.
std::int64_t wait_in_header_ms(std::string_view retry_after, std::int64_t now_ms);
// The header retry-after-ms.
std::int64_t wait_in_milliseconds_ms(std::string_view value);
// An error object, and its text (message_in): Google's `retryDelay`, a member `retry_after` and the
// like, `X-RateLimit-Reset` among headers that a gateway passes on in `metadata`; else the text,
// "Please try again in 7m12.5s".
std::int64_t wait_in_error_ms(const json::Document& error, std::string_view words,
                              std::int64_t now_ms);

}  // namespace fabula::llm

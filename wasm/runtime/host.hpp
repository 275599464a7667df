// The host's immediate functions: the request's head, settings, the clock, random bytes, the log.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wasm/runtime/context.hpp"

namespace fabula::runtime {

// The incoming request as `METHOD URL\nname: value\n...`, for shared/http/head.hpp.
std::string request_head(Context& context);

// The client's IP address as the platform knows it; empty when it does not tell it.
std::string client_address(Context& context);

// A setting; nothing when it is not set or empty.
std::optional<std::string> environment(Context& context, std::string_view name);

// Keeps a number, which is not 0, for later requests of this isolate; it may be forgotten at any
// time. Never use it for secrets: all callers share it.
void remember(Context& context, std::string_view name, std::uint32_t value);
// 0 when there is no number under this name.
std::uint32_t recall(Context& context, std::string_view name);

// Milliseconds since 1970-01-01 UTC.
std::int64_t now_ms(Context& context);

void fill_random(Context& context, std::span<unsigned char> bytes);
std::uint32_t random_number(Context& context);

// One line, a JSON object.
void log_line(Context& context, abi::LogLevel level, std::string_view line);

// True on hosts that notice only when something is written that the client has left.
bool notices_leaving_only_on_write(Context& context);

// True when the platform's own scheduler has made the request.
bool is_scheduled(Context& context);

}  // namespace fabula::runtime

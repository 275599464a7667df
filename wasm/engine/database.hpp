// Postgres over Supabase REST: one RPC is one transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// Views of the call's settings.
struct DatabaseSettings {
  std::string_view rest_url;    // such as https://x.supabase.co/rest/v1, without a slash at the end
  std::string_view secret_key;  // opaque, or a service_role JWT of the older kind
};

// How long one call may take; the database's own statement timeout is shorter.
inline constexpr std::uint32_t kDatabaseTimeoutMs = 15'000;

// More than any engine function returns: its history is bounded by the budget asked for.
inline constexpr std::size_t kMaximumAnswerBytes = std::size_t{4} << 20;

// Calls the engine function `name` with `{"request": <request_json>}` and gives its JSON text.
// A refusal that the function raised becomes its code and message; everything else is
// database_unavailable when trying again may help, else internal_error. Nothing is retried here:
// only the caller knows whether a second call does harm.
runtime::Task<Result<std::string>> call_function(runtime::Context& context,
                                                 DatabaseSettings settings, std::string_view name,
                                                 std::string_view request_json);

}  // namespace fabula::engine

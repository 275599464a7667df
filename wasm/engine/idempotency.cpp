#include "wasm/engine/idempotency.hpp"

#include <algorithm>
#include <cstddef>

#include "shared/api/check.hpp"
#include "shared/database/idempotency.hpp"
#include "shared/http/token.hpp"
#include "wasm/engine/digest.hpp"

namespace fabula::engine {

using runtime::Task;

Result<std::string> idempotency_key(const Call& call) {
  constexpr std::size_t kMaximumBytes = 255;
  const auto key = call.head().headers.find("idempotency-key");
  if (!key) return {};
  if (key->empty() || key->size() > kMaximumBytes ||
      !std::all_of(key->begin(), key->end(), http::is_visible_ascii)) {
    return problem(
        ErrorCode::invalid_request,
        "The header Idempotency-Key must have 1 to 255 visible ASCII characters, such as "
        "a new UUID for each message.");
  }
  return std::string(*key);
}

Task<Result<std::string>> call_once(Call& call, const Match& match, const json::Document& body,
                                    const database::Declaration& function,
                                    std::string_view request) {
  const api::Operation& operation = *match.route.operation;
  std::string key;
  if (operation.takes_idempotency_key) key = co_await idempotency_key(call);
  if (key.empty()) {
    co_return co_await runtime::attempt(
        call_with_body(call.context(), call.database(), function, database::body_of(request)));
  }
  std::string asked(operation.id);
  asked.append(" ");
  co_await api::append_path_ids(asked, match.captures);
  if (operation.body) asked += co_await api::check_body(body, *operation.body);
  const std::string request_hash = co_await sha256_hex(call.context(), asked);
  co_return co_await runtime::attempt(call_function(call.context(), call.database(),
                                                    database::kAnswerOnce,
                                                    {.function = function.name,
                                                     .idempotency_key = key,
                                                     .request_hash = request_hash,
                                                     .request = request}));
}

}  // namespace fabula::engine

#include "functions/companion/incoming.hpp"

#include <utility>

#include "shared/api/check.hpp"
#include "shared/http/media_type.hpp"
#include "wasm/engine/acting.hpp"
#include "wasm/engine/forward.hpp"

namespace fabula::companion_function {

runtime::Task<Result<Incoming>> read_incoming(engine::Call& call, const engine::Match& match) {
  const auto& operation = *match.route.operation;
  co_await http::require_acceptable(call.head().headers.find("accept"), "application/json");
  Incoming incoming;
  incoming.caller = co_await engine::identify_for(call, operation);
  if (operation.body) {
    incoming.body = co_await engine::read_json(call, operation);
    incoming.checked = co_await api::check_body(incoming.body, *operation.body);
  }
  co_await engine::name_user(call, incoming.caller, incoming.body);
  co_return std::move(incoming);
}

}  // namespace fabula::companion_function

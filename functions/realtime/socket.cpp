#include "functions/realtime/socket.hpp"

#include <array>
#include <string>

#include "functions/realtime/partner.hpp"
#include "shared/api/check.hpp"
#include "shared/protocols/realtime/json_protocol.hpp"
#include "shared/protocols/realtime/raw_protocol.hpp"
#include "wasm/engine/socket/serve_socket.hpp"

namespace fabula::realtime_function {

runtime::Task<Result<void>> serve_socket(engine::Call& call, const engine::Match& match) {
  const std::array<const turn::SocketProtocol*, 2> protocols{&protocols::realtime::kJsonProtocol,
                                                             &protocols::realtime::kRawProtocol};
  const auto ids = co_await api::path_ids(match.captures);
  const auto session_id = std::string(json::string_at(ids, "realtime_session_id").value_or(""));
  call.log().conversation_id = session_id;
  const auto query =
      co_await json::parse(co_await api::check_query(call.url(), *match.route.operation->query));
  RealtimePartner partner(call, session_id,
                          std::string(json::string_at(query, "project_id").value_or("")));
  co_await engine::serve_socket(call, protocols, partner);
  co_return {};
}

}  // namespace fabula::realtime_function

#include "functions/realtime/realtime.hpp"

#include <array>

#include "functions/realtime/socket.hpp"
#include "shared/api/endpoints/realtime.hpp"
#include "shared/api/endpoints/realtime_socket.hpp"
#include "shared/database/readiness.hpp"
#include "shared/database/realtime.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::realtime_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::realtime::kListSessions>(&engine::forward, database::kListRealtimeSessions),
    engine::route<api::realtime::kReadSession>(&engine::forward, database::kReadRealtimeSession),
    engine::route<api::realtime::kListEvents>(&engine::forward, database::kListRealtimeEvents),
    engine::route<api::realtime::kHealth>(&engine::health),
    engine::route<api::realtime::kReady>(&engine::ready, database::kReady),
    engine::route<api::realtime::kSocket>(&serve_socket),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "realtime", kRoutes);
}

}  // namespace fabula::realtime_function

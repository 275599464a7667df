#include "functions/chat/chat.hpp"

#include <array>
#include <string>
#include <utility>

#include "functions/chat/framing.hpp"
#include "shared/chat/prompt.hpp"
#include "shared/chat/request.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/document.hpp"
#include "shared/sse/encoder.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/serve.hpp"
#include "wasm/engine/turn.hpp"

namespace fabula::chat {
namespace {

using engine::Call;
using runtime::Task;

constexpr std::string_view kDefaultRoute = "openai:gpt-4o-mini";

// A body or header that names a user proves nothing; it may only say what the token says. Which id
// a guest has, the database knows.
Result<void> check_claimed_user(std::string_view claimed, const engine::Caller& caller) {
  if (claimed.empty() || caller.principal.kind == turn::Principal::Kind::guest ||
      claimed == caller.user_id()) {
    return {};
  }
  return problem(ErrorCode::forbidden,
                 "The user id names somebody else than the token. Leave it out, or send the token "
                 "of that user.");
}

Result<std::string> user_id_header(const http::Headers& headers) {
  const auto header = headers.find("x-user-id");
  if (!header) return {};
  auto id = text::normalize_uuid(*header);
  if (!id) return problem(ErrorCode::invalid_id, "The header x-user-id is not a UUID.");
  return *std::move(id);
}

http::ResponseHead event_stream_head() {
  http::ResponseHead head;
  head.headers.add("content-type", std::string(sse::kContentType));
  head.headers.add("cache-control", "no-cache, no-transform");
  head.headers.add("x-accel-buffering", "no");  // proxies pass each write on at once
  return head;
}

Task<Result<void>> post_chat(Call& call, const http::RouteMatch<std::size_t>&) {
  const auto& headers = call.head().headers;
  co_await http::require_json(headers.find("content-type"));
  co_await http::require_acceptable(headers.find("accept"), sse::kContentType);
  const engine::Caller caller = co_await engine::identify(call.context(), call.settings(), headers);
  std::string claimed_user_id = co_await user_id_header(headers);
  co_await check_claimed_user(claimed_user_id, caller);

  std::string body = co_await call.read_body(kMaximumBodyBytes);
  const json::Document document = co_await json::parse(body);
  body = std::string();
  const ChatRequest request = co_await parse_request(document);
  if (request.user_id) claimed_user_id = *request.user_id;
  co_await check_claimed_user(claimed_user_id, caller);

  const auto model = co_await engine::resolve_model(call, "MODEL_CHAT", kDefaultRoute);
  const auto limits = engine::read_turn_limits(call);
  const engine::TurnRequest turn_request{"chat",          request.session_id, request.project_id,
                                         claimed_user_id, request.text,       system_prompt()};
  auto turn = co_await engine::begin_turn(call, caller, turn_request, model, limits);
  Framing framing(caller.new_guest_token);
  co_await engine::stream_turn(call, caller, std::move(turn), turn_request, model, limits, framing,
                               event_stream_head());
  co_return {};
}

constexpr std::array kRoutes{
    engine::EndpointRoute{"POST", "/chat", &post_chat},
    engine::EndpointRoute{"GET", "/chat/health", &engine::health},
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "chat", kRoutes); }

}  // namespace fabula::chat

#include "wasm/engine/forward.hpp"

#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/envelope.hpp"
#include "shared/http/media_type.hpp"
#include "wasm/engine/acting.hpp"
#include "wasm/engine/admission.hpp"
#include "wasm/engine/idempotency.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/operator_access.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// The request of the database's function: the path's ids, query, body, version and the principal,
// if there is one.
Result<std::string> engine_request(const Call& call, const Match& match,
                                   const auth::Principal* principal, const json::Document& body,
                                   std::string_view members = {}) {
  const api::Operation& operation = *match.route.operation;
  std::string request = "{";
  request.append(members);
  if (auto ids = api::append_path_ids(request, match.captures); !ids) {
    return tl::unexpected(std::move(ids.error()));
  }
  if (operation.query) {
    auto query = api::check_query(call.url(), *operation.query);
    if (!query) return query;
    request.append("\"query\":").append(*query).append(",");
  }
  if (operation.body) {
    auto checked = api::check_body(body, *operation.body);
    if (!checked) return checked;
    request.append("\"body\":").append(*checked).append(",");
  }
  if (const auto if_match = call.head().headers.find("if-match");
      if_match && operation.takes_if_match) {
    auto etag = api::single_etag(*if_match);
    if (!etag) return etag;
    if (!etag->empty()) {
      request.append("\"if_match\":");
      json::append_string(request, *etag);
      request.append(",");
    }
  }
  if (principal) {
    request.append("\"principal\":");
    json::Writer writer(request);
    auth::write_principal(writer, *principal);
  } else if (request.back() == ',') {
    request.pop_back();
  }
  request.append("}");
  return request;
}

Task<Result<void>> send_answer(Call& call, const Match& match, const auth::Principal* principal,
                               const json::Document& body, std::string_view members = {}) {
  const std::string request = co_await engine_request(call, match, principal, body, members);
  const std::string answer = co_await call_once(call, match, body, *match.route.function, request);
  co_await send_envelope(call, answer);
  co_return {};
}

}  // namespace

Task<Result<json::Document>> read_json(Call& call, const api::Operation& operation) {
  if (operation.takes_idempotency_key) co_await idempotency_key(call);
  const auto& headers = call.head().headers;
  const std::string text = co_await call.read_body(operation.maximum_body_bytes);
  if (text.empty() && operation.is_body_optional)
    co_return json::Document(json::Document::value_t::object);
  co_await http::require_json(headers.find("content-type"));
  co_return json::parse(text);
}

Task<Result<void>> answer_from_database(Call& call, const Match& match,
                                        const auth::Principal& principal,
                                        const json::Document& body, std::string_view members) {
  co_await send_answer(call, match, &principal, body, members);
  co_return {};
}

Task<Result<void>> send_envelope(Call& call, std::string_view envelope) {
  auto response =
      co_await api::response_of_envelope(envelope, call.head().headers.find("if-none-match"));
  co_await call.send(std::move(response));
  co_return {};
}

Task<Result<void>> forward(Call& call, const Match& match) { return forward_with(call, match, {}); }

Task<Result<void>> forward_with(Call& call, const Match& match, std::string_view members) {
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  Caller caller = co_await identify_for(call, *match.route.operation);
  json::Document body;
  if (match.route.operation->body) body = co_await read_json(call, *match.route.operation);
  co_await name_user(call, caller, body);
  co_await send_answer(call, match, &caller.principal, body, members);
  co_return {};
}

Task<Result<void>> forward_admitted(Call& call, const Match& match) {
  const std::string admission = co_await describe_admission(call);
  std::string member = R"("admission":)";
  member.append(admission).append(",");
  co_return co_await runtime::attempt(forward_with(call, match, member));
}

Task<Result<void>> forward_for_anybody(Call& call, const Match& match) {
  co_await http::require_acceptable(call.head().headers.find("accept"), "application/json");
  json::Document body;
  if (match.route.operation->body) body = co_await read_json(call, *match.route.operation);
  co_await send_answer(call, match, nullptr, body);
  co_return {};
}

Task<Result<void>> forward_for_operator(Call& call, const Match& match) {
  co_await http::require_acceptable(call.head().headers.find("accept"), "application/json");
  co_await require_operator(call);
  json::Document body;
  if (match.route.operation->body) body = co_await read_json(call, *match.route.operation);
  co_await send_answer(call, match, nullptr, body);
  co_return {};
}

}  // namespace fabula::engine

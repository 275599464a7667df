#include "functions/dossier/request.hpp"

#include <algorithm>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/envelope.hpp"
#include "shared/database/dossier.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"

namespace fabula::dossier_function {

using engine::Call;
using engine::Match;
using runtime::Task;

namespace {

constexpr std::int64_t kDefaultPageItems = 20;
// If other writers interfere longer, the dossier is sent in its current state, with its version.
constexpr int kMaximumRounds = 3;

}  // namespace

Task<Result<Request>> read_request(Call& call, const Match& match) {
  const api::Operation& operation = *match.route.operation;
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  auto caller = co_await engine::identify_known(call.context(), call.settings(), headers);
  Request request;
  request.principal = std::move(caller.principal);
  std::string body;
  if (operation.body) {
    const json::Document sent = co_await engine::read_json(call, operation);
    body = co_await api::check_body(sent, *operation.body);
    request.body = co_await json::parse(body);
  }
  request.path = co_await api::path_ids(match.captures);
  request.project_id = json::string_at(request.path, "project_id").value_or("");
  if (operation.query) {
    const std::string query = co_await api::check_query(call.url(), *operation.query);
    request.query = co_await json::parse(query);
  }
  if (const auto if_match = headers.find("if-match"); if_match && operation.takes_if_match) {
    request.if_match = co_await api::single_etag(*if_match);
  }
  co_return request;
}

Task<Result<void>> send_dossier(Call& call, const auth::Principal& principal,
                                std::string_view project_id, int status) {
  database::StoredDossier stored;
  for (int round = 1;; ++round) {
    stored = co_await engine::call_function(call.context(), call.database(), database::kReadDossier,
                                            {principal, project_id});
    if (stored.is_current || round == kMaximumRounds) break;
    auto log = co_await engine::read_dossier_log(call, &principal, project_id);
    co_await engine::commit_to_dossier(call, &principal, log, {});
  }
  auto response = co_await api::response_of_envelope(stored.envelope,
                                                     call.head().headers.find("if-none-match"));
  if (response.head.status == 200) response.head.status = status;
  co_await call.send(std::move(response));
  co_return {};
}

Result<void> check_version(const engine::DossierLog& log, std::int64_t version) {
  if (version >= log.log_start && version <= log.head) return {};
  return problem(ErrorCode::not_found,
                 "There is no such version: list the versions to see which there are.");
}

Task<Result<void>> send_page(Call& call, const Request& request, const json::Document& items) {
  const auto limit = json::integer_at(request.query, "limit").value_or(kDefaultPageItems);
  const auto offset = json::integer_at(request.query, "offset").value_or(0);
  const auto total = static_cast<std::int64_t>(items.size());
  const auto begin = std::min(offset, total);
  const auto end = std::min(begin + limit, total);

  std::string envelope = "{\"body\":[";
  for (auto index = begin; index < end; ++index) {
    if (index > begin) envelope.append(",");
    envelope.append(json::dump(items[static_cast<std::size_t>(index)]));
  }
  envelope.append("],\"total\":");
  json::append_integer(envelope, total);
  std::string range;
  if (begin == end) {
    range = "*";
  } else {
    json::append_integer(range, begin);
    range.append("-");
    json::append_integer(range, end - 1);
  }
  json::append_integer(range.append("/"), total);
  envelope.append(",\"content_range\":");
  json::append_string(envelope, range);
  auto response = co_await api::response_of_envelope(envelope.append("}"), std::nullopt);
  co_await call.send(std::move(response));
  co_return {};
}

}  // namespace fabula::dossier_function

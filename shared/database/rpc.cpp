#include "shared/database/rpc.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "shared/http/head.hpp"
#include "shared/json/document.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::database {
namespace {

constexpr std::size_t kMaximumCauseBytes = 200;

// SQLSTATE classes that pass by themselves: connection, transaction rollback (serialisation,
// deadlock), resources, operator intervention.
bool may_pass(std::string_view sqlstate) {
  constexpr std::array kClasses = {"08", "40", "53", "55", "57", "58"};
  return std::any_of(kClasses.begin(), kClasses.end(),
                     [sqlstate](std::string_view prefix) { return sqlstate.starts_with(prefix); });
}

int seconds(std::string_view hint) {
  int value = 0;
  const auto [end, error] = std::from_chars(hint.data(), hint.data() + hint.size(), value);
  return error == std::errc() && end == hint.data() + hint.size() && value > 0 ? value : 0;
}

}  // namespace

Result<std::string> rpc_head(std::string_view rest_url, std::string_view secret_key,
                             std::string_view function) {
  http::RequestHead head;
  head.method = "POST";
  head.url.append(rest_url).append("/rpc/").append(function);
  head.headers.add("content-type", "application/json");
  head.headers.add("accept", "application/json");
  head.headers.add("apikey", std::string(secret_key));
  if (secret_key.starts_with("eyJ")) {
    head.headers.add("authorization", "Bearer " + std::string(secret_key));
  }
  return http::serialize(head);
}

Problem problem_of_answer(int status, std::string_view body) {
  const auto document = json::parse(body);
  const auto field = [&document](std::string_view key) {
    return document ? json::string_at(*document, key).value_or("") : std::string_view();
  };
  const auto sqlstate = field("code");
  if (sqlstate.starts_with("PT")) {
    if (const auto code = error_code_named(field("details"))) {
      Problem refusal(*code, field("message"), {});
      refusal.retry_after_s = seconds(field("hint"));
      return refusal;
    }
  }
  // Not `details`: Postgres puts whole rows there, and with them what people wrote.
  std::string cause = "database answered " + std::to_string(status);
  if (!sqlstate.empty()) cause.append(" ").append(sqlstate);
  if (!field("message").empty()) {
    cause.append(": ").append(text::prefix_bytes(field("message"), kMaximumCauseBytes));
  }
  const bool is_gateway_fault = status == 502 || status == 503 || status == 504 || status == 429;
  if (is_gateway_fault || may_pass(sqlstate) || sqlstate.starts_with("PGRST00")) {
    return {ErrorCode::database_unavailable,
            "The database cannot answer now. Try again in a moment.", cause};
  }
  return {ErrorCode::internal_error,
          "Something went wrong on our side. Try again; if it stays, report the request id.",
          cause};
}

}  // namespace fabula::database

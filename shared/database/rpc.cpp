#include "shared/database/rpc.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "shared/http/head.hpp"
#include "shared/json/document.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::database {
namespace {

constexpr std::size_t kMaximumCauseBytes = 200;
constexpr std::string_view kOurFault =
    "Something went wrong on our side. Try again; if it stays, report the request id.";

// SQLSTATE classes of temporary failures: connection, transaction rollback (serialisation,
// deadlock), resources, operator intervention.
bool may_pass(std::string_view sqlstate) {
  constexpr std::array kClasses = {"08", "40", "53", "55", "57", "58"};
  return std::any_of(kClasses.begin(), kClasses.end(),
                     [sqlstate](std::string_view prefix) { return sqlstate.starts_with(prefix); });
}

// At most a month, the period of a plan and the longest time that a refusal names.
int seconds(std::int64_t wanted) {
  constexpr std::int64_t kLongest = 31 * 86'400;
  return static_cast<int>(std::clamp<std::int64_t>(wanted, 0, kLongest));
}

void read_hint(std::string_view hint, Problem& refusal) {
  if (!hint.starts_with("{")) {
    refusal.retry_after_s = seconds(text::parse_integer(hint).value_or(0));
    return;
  }
  const auto document = json::parse(hint);
  if (!document) return;
  refusal.retry_after_s = seconds(json::integer_at(*document, "retry_after_s").value_or(0));
  refusal.limit = json::integer_at(*document, "limit").value_or(0);
  refusal.remaining = json::integer_at(*document, "remaining").value_or(0);
  const auto* members = json::find(*document, "members");
  if (!members || !members->is_object()) return;
  for (const auto& [name, value] : members->items()) {
    refusal.members.push_back({name, json::dump(value)});
  }
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
      read_hint(field("hint"), refusal);
      return refusal;
    }
  }
  // `details` is not logged: Postgres puts whole rows into it, and so people's texts.
  std::string cause = "database answered " + text::integer_text(status);
  if (!sqlstate.empty()) cause.append(" ").append(sqlstate);
  if (!field("message").empty()) {
    cause.append(": ").append(text::prefix_bytes(field("message"), kMaximumCauseBytes));
  }
  // Nothing was done, and the lock will soon be free.
  constexpr std::string_view kLockNotAvailable = "55P03";
  if (sqlstate == kLockNotAvailable) {
    Problem busy(ErrorCode::database_unavailable,
                 "Something else is being done with this just now. Try again in a moment.", cause);
    busy.retry_after_s = 2;
    return busy;
  }
  const bool is_gateway_fault = status == 502 || status == 503 || status == 504 || status == 429;
  if (is_gateway_fault || may_pass(sqlstate) || sqlstate.starts_with("PGRST00")) {
    return {ErrorCode::database_unavailable,
            "The database cannot answer now. Try again in a moment.", cause};
  }
  return {ErrorCode::internal_error, kOurFault, cause};
}

tl::unexpected<Problem> unexpected_answer(std::string_view function) {
  return problem(ErrorCode::internal_error, kOurFault,
                 std::string(function).append(" answered something else than it promises"));
}

}  // namespace fabula::database

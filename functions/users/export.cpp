#include "functions/users/export.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/endpoints/export.hpp"
#include "shared/database/account.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"

namespace fabula::users_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

// Well within the platforms' limits for a response that has begun.
constexpr std::int64_t kStreamMs = 100'000;

std::string incomplete_line(std::string_view cursor) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().key("type").string("incomplete");
  writer.key("cursor").string(cursor).end_object();
  return line.append("\n");
}

std::string error_line(const Problem& problem, std::string_view cursor) {
  std::string line;
  json::Writer writer(line);
  writer.begin_object().key("type").string("error").key("error").begin_object();
  writer.key("code").string(facts(problem.code).name);
  writer.key("message").string(problem.detail).end_object();
  writer.key("cursor").string(cursor).end_object();
  return line.append("\n");
}

// False when the client has left, or takes nothing.
Task<bool> write(Call& call, std::string_view lines) {
  runtime::ResponseWrite writing(call.context(), lines);
  runtime::Deadline deadline(call.context(), engine::deadlines::kSendMs);
  const bool is_taken = co_await deadline.wait_for(writing);
  co_return (is_taken && writing.outcome().is_ok() && !call.context().client_left().is_set());
}

Result<void> start(Call& call) {
  http::ResponseHead head;
  head.headers.add("content-type", std::string(api::users::kExportTypes.front()));
  head.headers.add("content-disposition", R"(attachment; filename="fabula-export.jsonl")");
  head.headers.add("cache-control", "no-store, no-transform");
  head.headers.add("x-content-type-options", "nosniff");
  return call.start(std::move(head));
}

}  // namespace

Task<Result<void>> export_account(Call& call, const Match& match) {
  auto& context = call.context();
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), api::users::kExportTypes.front());
  const engine::Caller caller = co_await engine::identify_known(context, call.settings(), headers);
  const std::string checked = co_await api::check_query(call.url(), *match.route.operation->query);
  const json::Document query = co_await json::parse(checked);
  const std::int64_t until_ms = runtime::now_ms(context) + kStreamMs;
  // Each page is a subrequest, and so may be its repetition.
  std::int64_t pages_left =
      call.setting_values().number(settings::named("FABULA_TURN_SUBREQUESTS")) / 2;
  std::string cursor{json::string_at(query, "after").value_or("")};

  // A refusal of the first page is an answer of its own.
  database::ExportPage page = co_await engine::call_function(
      context, call.database(), database::kExportPage, {caller.principal, cursor});
  co_await start(call);
  while (true) {
    cursor = std::move(page.cursor);
    if (!co_await write(call, page.lines)) break;
    if (cursor.empty()) break;
    if (--pages_left <= 0 || runtime::now_ms(context) >= until_ms) {
      co_await write(call, incomplete_line(cursor));
      break;
    }
    auto next = co_await runtime::attempt(engine::call_function(
        context, call.database(), database::kExportPage, {caller.principal, cursor}));
    if (!next) {
      call.note_problem(next.error());
      co_await write(call, error_line(next.error(), cursor));
      break;
    }
    page = *std::move(next);
  }
  runtime::end_response(context);
  co_return {};
}

}  // namespace fabula::users_function

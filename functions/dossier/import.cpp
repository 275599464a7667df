#include "functions/dossier/import.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/api/envelope.hpp"
#include "shared/auth/principal.hpp"
#include "shared/dossier/import/text.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/worker.hpp"

namespace fabula::dossier_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

// Each character may need a few more bytes in JSON.
constexpr std::size_t kStepFrameBytes = 128;

void write_plan(std::string& request, const dossier::ImportPlan& plan) {
  request.reserve(request.size() + plan.text.size() * 9 / 8 + plan.steps.size() * kStepFrameBytes);
  json::Writer writer(request);
  writer.begin_object();
  writer.key("chapters").integer(static_cast<std::int64_t>(plan.chapters.size()));
  writer.key("steps").begin_array();
  for (const auto& step : plan.steps) {
    const auto text = std::string_view(plan.text).substr(step.begin, step.end - step.begin);
    writer.begin_object();
    writer.key("chapter").integer(static_cast<std::int64_t>(step.chapter + 1));
    writer.key("chapter_title").string(plan.chapters[step.chapter].title);
    writer.key("from_byte").integer(static_cast<std::int64_t>(step.begin));
    writer.key("text").string(text);
    writer.end_object();
  }
  writer.end_array();
}

}  // namespace

Task<Result<void>> start_import(Call& call, const Match& match) {
  const api::Operation& operation = *match.route.operation;
  const auto& headers = call.head().headers;
  co_await http::require_acceptable(headers.find("accept"), "application/json");
  const engine::Caller caller =
      co_await engine::identify_known(call.context(), call.settings(), headers);
  const json::Document body = co_await engine::read_json(call, operation);
  co_await api::check_body(body, *operation.body);
  const auto format =
      dossier::import_format_named(json::string_at(body, "format").value_or("markdown"));
  const dossier::ImportPlan plan = co_await dossier::plan_import(
      json::string_at(body, "text").value_or(""), format.value_or(dossier::ImportFormat::markdown));

  std::string request;
  write_plan(request, plan);
  request.append(",");
  co_await api::append_path_ids(request, match.captures);
  request.append("\"title\":");
  json::Writer writer(request);
  writer.string(json::string_at(body, "title").value_or(plan.title));
  request.append(",\"principal\":");
  json::Writer principal(request);
  auth::write_principal(principal, caller.principal);
  request.append("}");
  const std::string answer = co_await engine::call_function(call.context(), call.database(),
                                                            match.route.engine_function, request);
  auto response = co_await api::response_of_envelope(answer, headers.find("if-none-match"));
  co_await call.send(std::move(response));
  co_return {};
}

// It answers how far the import is; then, if nobody else does, it reads on for who is waiting.
Task<Result<void>> read_import(Call& call, const Match& match) {
  co_await engine::forward(call, match);
  co_await engine::work_on(call, engine::job_kind_named("dossier_import"),
                           {.job_id = match.captures.back().value, .is_idle = true},
                           engine::job_time_limit_ms(call));
  co_return {};
}

}  // namespace fabula::dossier_function

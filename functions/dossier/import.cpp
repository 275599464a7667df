#include "functions/dossier/import.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "shared/api/check.hpp"
#include "shared/database/dossier.hpp"
#include "shared/dossier/import/text.hpp"
#include "shared/http/media_type.hpp"
#include "shared/json/document.hpp"
#include "wasm/engine/admission.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/idempotency.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/worker.hpp"

namespace fabula::dossier_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

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

  const json::Document path = co_await api::path_ids(match.captures);
  const std::string admission = co_await engine::describe_admission(call);
  const std::string request =
      database::kStartImport.request({.principal = caller.principal,
                                      .project_id = *json::string_at(path, "project_id"),
                                      .title = json::string_at(body, "title").value_or(plan.title),
                                      .plan = plan,
                                      .admission = admission});
  const std::string answer =
      co_await engine::call_once(call, match, body, database::kStartImport, request);
  co_await engine::send_envelope(call, answer);
  co_return {};
}

// The kind of job that reads imports.
constexpr std::array kReading{&engine::kDossierImport};

// Answers with the import's progress; then, if no worker has a step of it, reads one for the
// waiting client.
Task<Result<void>> read_import(Call& call, const Match& match) {
  co_await engine::forward(call, match);
  co_await engine::work_on(call, kReading, {.job_id = match.captures.back().value, .is_idle = true},
                           engine::job_time_limit_ms(call));
  co_return {};
}

}  // namespace fabula::dossier_function

#include "functions/tasks/dossier_reading.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "functions/tasks/note_model.hpp"
#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/extract/extraction_prompt.hpp"
#include "shared/dossier/fold/room.hpp"
#include "shared/settings/table.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::tasks_function {

using engine::Call;
using runtime::Task;

namespace {

void add_to(std::optional<std::int64_t>& total, std::size_t more) {
  total = total.value_or(0) + static_cast<std::int64_t>(more);
}

}  // namespace

Result<engine::Endpoints> reading_models(Call& call) {
  return engine::resolve_route_or(call, settings::named("MODEL_DOSSIER"),
                                  settings::named("MODEL_CHAT"));
}

Task<Result<Reading>> begin_reading(Call& call, std::string_view project_id) {
  Reading reading;
  reading.began_ms = runtime::now_ms(call.context());
  reading.log = co_await engine::read_dossier_log(call, nullptr, project_id);
  reading.base = reading.log.head;
  co_return reading;
}

Task<Result<std::string>> ask_reader(Call& call, const engine::Endpoints& models, Reading& reading,
                                     std::string_view question, std::int64_t deadline_ms) {
  co_await dossier::require_room(reading.log.dossier, dossier::kMaximumFoundEntries);
  const auto maximum_output_tokens =
      call.setting_values().number(settings::named("FABULA_DOSSIER_MAX_OUTPUT_TOKENS"));
  const auto passed_ms = runtime::now_ms(call.context()) - reading.began_ms;
  reading.answer = co_await engine::complete(call, models,
                                             {.system_prompt = dossier::extraction_instructions(),
                                              .user_text = question,
                                              .maximum_output_tokens = maximum_output_tokens,
                                              .response_schema = dossier::kExtractionSchema,
                                              .response_schema_name = "dossier",
                                              .deadline_ms = deadline_ms - passed_ms});
  note_model(call.log(), reading.answer);
  co_return std::string(reading.answer.provider) + ":" + reading.answer.model;
}

Result<void> take_findings(Call& call, Reading& reading, std::span<const dossier::EntryRow> rows,
                           std::size_t items_found, std::size_t items_kept) {
  add_to(call.log().items_found, items_found);
  add_to(call.log().items_kept, items_kept);
  std::vector<dossier::Entry> entries;
  for (const auto& row : rows) {
    auto entry = dossier::parse_entry(row);
    if (!entry) return tl::unexpected(std::move(entry.error()));
    entries.push_back(std::move(*entry));
  }
  reading.log.dossier.add(std::move(entries));
  return {};
}

Task<Result<void>> store_findings(Call& call, const CommitFunction& function,
                                  const jobs::ClaimedJob& job, Reading& reading,
                                  std::span<const dossier::EntryRow> rows,
                                  const std::vector<std::string>* proposals) {
  const auto& answer = reading.answer;
  const auto commit = database::make_commit(reading.log.dossier, reading.base, rows);
  jobs::Committed stored = co_await engine::call_function(
      call.context(), call.database(), function,
      {.job = job,
       .worker = {answer.provider, answer.model, answer.usage, answer.attempts,
                  answer.model.empty() ? std::string_view() : dossier::extraction_prompt_label()},
       .dossier = &commit,
       .proposals = proposals});
  if (stored.dossier) {
    const auto followed = co_await runtime::attempt(engine::follow_commit(
        call, nullptr, reading.log, *std::move(stored.dossier), reading.base));
    if (!followed) call.note_problem(followed.error());
  }
  co_return {};
}

}  // namespace fabula::tasks_function

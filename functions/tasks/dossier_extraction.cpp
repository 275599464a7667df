#include "functions/tasks/dossier_extraction.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "functions/tasks/store.hpp"
#include "shared/dossier/extraction.hpp"
#include "shared/dossier/extraction_prompt.hpp"
#include "shared/dossier/room.hpp"
#include "shared/json/scanner.hpp"
#include "shared/tasks/dossier_extraction.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::tasks {
namespace {

using engine::Call;
using runtime::Task;

// A long chapter has a few hundred items of thirty tokens each.
constexpr std::int64_t kMaximumOutputTokens = 8000;

void log_items(log::RequestLog& log, const ExtractedEntries& found) {
  const auto add = [](std::optional<std::int64_t>& total, std::size_t more) {
    total = total.value_or(0) + static_cast<std::int64_t>(more);
  };
  add(log.items_found, found.items_found);
  add(log.items_kept, found.items_kept);
}

}  // namespace

Result<engine::Endpoints> extraction_models(Call& call) {
  return engine::resolve_route_or(call, "MODEL_DOSSIER", "openai:gpt-4o", "MODEL_CHAT",
                                  engine::kDefaultRoute);
}

Task<Result<void>> extract_dossier(Call& call, const engine::Endpoints& models,
                                   const ClaimedTask& task, std::int64_t deadline_ms) {
  const auto began_ms = runtime::now_ms(call.context());
  const ExtractionWork work = co_await read_extraction_work(task.work);
  engine::DossierLog log = co_await engine::read_dossier_log(call, nullptr, work.project_id);
  const auto base = log.head;

  engine::Completion answer;
  ExtractedEntries found;
  if (!work.messages.empty()) {
    co_await dossier::require_room(log.dossier, dossier::kMaximumFoundEntries);
    const auto question = extraction_question(work, log.dossier);
    const auto passed_ms = runtime::now_ms(call.context()) - began_ms;
    answer = co_await engine::complete(call, models,
                                       {.system_prompt = dossier::extraction_instructions(),
                                        .user_text = question,
                                        .maximum_output_tokens = kMaximumOutputTokens,
                                        .response_schema = dossier::kExtractionSchema,
                                        .response_schema_name = "dossier",
                                        .deadline_ms = deadline_ms - passed_ms});
    note_model(call.log(), answer);
    const auto model = answer.provider + ":" + answer.model;
    found = co_await extracted_entries(*answer.document, work, model);
    log_items(call.log(), found);
    std::vector<dossier::Entry> entries;
    for (const auto& row : found.rows) entries.push_back(co_await dossier::parse_entry(row));
    log.dossier.add(std::move(entries));
  }

  std::string members;
  engine::append_commit_members(members, log.dossier, base, found.rows);
  const std::string stored = co_await store(
      call, "commit_task",
      commit_task_request(task, members,
                          {answer.provider, answer.model, answer.usage, answer.attempts}));
  // What was found is stored, whatever becomes of the snapshot: who reads the dossier next, or adds
  // to it, makes it.
  std::array dossier = {json::RawMember{.key = "dossier"}};
  if (json::find_raw_members(stored, dossier)) {
    const auto followed = co_await runtime::attempt(
        engine::follow_commit(call, nullptr, log, dossier.front().value, base));
    if (!followed) call.note_problem(followed.error());
  }
  co_return {};
}

}  // namespace fabula::tasks

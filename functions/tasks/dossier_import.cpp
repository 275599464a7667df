#include "functions/tasks/dossier_import.hpp"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "functions/tasks/store.hpp"
#include "shared/dossier/extraction.hpp"
#include "shared/dossier/extraction_prompt.hpp"
#include "shared/dossier/room.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"
#include "shared/tasks/dossier_import.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::tasks {
namespace {

using engine::Call;
using runtime::Task;

// A step of 6,000 bytes has a hundred items of thirty tokens each.
constexpr std::int64_t kMaximumOutputTokens = 8000;

}  // namespace

Task<Result<void>> import_step(Call& call, const engine::Endpoints& models, const ClaimedTask& task,
                               std::int64_t deadline_ms) {
  const auto began_ms = runtime::now_ms(call.context());
  const ImportWork work = co_await read_import_work(task.work);
  engine::DossierLog log = co_await engine::read_dossier_log(call, nullptr, work.project_id);
  co_await dossier::require_room(log.dossier, dossier::kMaximumFoundEntries);
  const auto base = log.head;

  const auto question = import_question(work, log.dossier);
  const auto passed_ms = runtime::now_ms(call.context()) - began_ms;
  const engine::Completion answer =
      co_await engine::complete(call, models,
                                {.system_prompt = dossier::extraction_instructions(),
                                 .user_text = question,
                                 .maximum_output_tokens = kMaximumOutputTokens,
                                 .response_schema = dossier::kExtractionSchema,
                                 .response_schema_name = "dossier",
                                 .deadline_ms = deadline_ms - passed_ms});
  note_model(call.log(), answer);
  const auto model = answer.provider + ":" + answer.model;
  const ProposedEntries found = co_await proposed_entries(*answer.document, work, model);
  const auto items = [](std::optional<std::int64_t> so_far, std::size_t more) {
    return so_far.value_or(0) + static_cast<std::int64_t>(more);
  };
  call.log().items_found = items(call.log().items_found, found.items_found);
  call.log().items_kept = items(call.log().items_kept, found.items_kept);
  std::vector<dossier::Entry> entries;
  for (const auto& row : found.rows) entries.push_back(co_await dossier::parse_entry(row));
  log.dossier.add(std::move(entries));

  std::string members;
  engine::append_commit_members(members, log.dossier, base, found.rows);
  members.append(",\"proposals\":");
  json::Writer writer(members);
  writer.begin_array();
  for (const auto& proposal : found.proposals) writer.string(proposal);
  writer.end_array();
  const std::string stored = co_await store(
      call, "commit_import_step",
      commit_task_request(task, members,
                          {answer.provider, answer.model, answer.usage, answer.attempts}));
  // What was found is stored, whatever becomes of the snapshot.
  std::array dossier = {json::RawMember{.key = "dossier"}};
  if (json::find_raw_members(stored, dossier)) {
    const auto followed = co_await runtime::attempt(
        engine::follow_commit(call, nullptr, log, dossier.front().value, base));
    if (!followed) call.note_problem(followed.error());
  }
  co_return {};
}

}  // namespace fabula::tasks

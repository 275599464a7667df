#include "functions/tasks/dossier_import.hpp"

#include <string>

#include "functions/tasks/dossier_reading.hpp"
#include "shared/tasks/dossier_import.hpp"

namespace fabula::tasks {

runtime::Task<Result<void>> import_step(engine::Call& call, const engine::Endpoints& models,
                                        const ClaimedTask& task, std::int64_t deadline_ms) {
  const ImportWork work = co_await read_import_work(task.work);
  Reading reading = co_await begin_reading(call, work.project_id);
  const auto question = import_question(work, reading.log.dossier);
  const std::string model = co_await ask_reader(call, models, reading, question, deadline_ms);
  const ProposedEntries found = co_await proposed_entries(*reading.answer.document, work, model);
  co_await take_findings(call, reading, found.rows, found.items_found, found.items_kept);
  co_await store_findings(call, database::kCommitImportStep, task, reading, found.rows,
                          &found.proposals);
  co_return {};
}

}  // namespace fabula::tasks

#include "functions/tasks/dossier_import.hpp"

#include <string>

#include "functions/tasks/dossier_reading.hpp"
#include "shared/jobs/dossier_import.hpp"

namespace fabula::tasks_function {

runtime::Task<Result<void>> import_step(engine::Call& call, const engine::Endpoints& models,
                                        const jobs::ClaimedJob& job, std::int64_t deadline_ms) {
  const jobs::ImportWork work = co_await jobs::read_import_work(job.work);
  Reading reading = co_await begin_reading(call, work.project_id);
  const auto question = jobs::import_question(work, reading.log.dossier);
  const std::string model = co_await ask_reader(call, models, reading, question, deadline_ms);
  const jobs::ProposedEntries found =
      co_await jobs::proposed_entries(*reading.answer.document, work, model);
  co_await take_findings(call, reading, found.rows, found.items_found, found.items_kept);
  co_await store_findings(call, database::kCommitImportStep, job, reading, found.rows,
                          &found.proposals);
  co_return {};
}

}  // namespace fabula::tasks_function

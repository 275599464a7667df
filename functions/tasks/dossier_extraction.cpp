#include "functions/tasks/dossier_extraction.hpp"

#include <string>

#include "functions/tasks/dossier_reading.hpp"
#include "shared/jobs/dossier_extraction.hpp"

namespace fabula::tasks_function {

runtime::Task<Result<void>> extract_dossier(engine::Call& call, const engine::Endpoints& models,
                                            const jobs::ClaimedJob& job, std::int64_t deadline_ms) {
  const jobs::ExtractionWork work = co_await jobs::read_extraction_work(job.work);
  Reading reading = co_await begin_reading(call, work.project_id);
  jobs::ExtractedEntries found;
  if (!work.messages.empty()) {
    const auto question = jobs::extraction_question(work, reading.log.dossier);
    const std::string model = co_await ask_reader(call, models, reading, question, deadline_ms);
    found = co_await jobs::extracted_entries(*reading.answer.document, work, model);
    co_await take_findings(call, reading, found.rows, found.items_found, found.items_kept);
  }
  co_await store_findings(call, database::kCommitTask, job, reading, found.rows);
  co_return {};
}

}  // namespace fabula::tasks_function

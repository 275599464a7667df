#include "functions/tasks/dossier_extraction.hpp"

#include <string>

#include "functions/tasks/dossier_reading.hpp"
#include "shared/tasks/dossier_extraction.hpp"

namespace fabula::tasks {

runtime::Task<Result<void>> extract_dossier(engine::Call& call, const engine::Endpoints& models,
                                            const ClaimedTask& task, std::int64_t deadline_ms) {
  const ExtractionWork work = co_await read_extraction_work(task.work);
  Reading reading = co_await begin_reading(call, work.project_id);
  ExtractedEntries found;
  if (!work.messages.empty()) {
    const auto question = extraction_question(work, reading.log.dossier);
    const std::string model = co_await ask_reader(call, models, reading, question, deadline_ms);
    found = co_await extracted_entries(*reading.answer.document, work, model);
    co_await take_findings(call, reading, found.rows, found.items_found, found.items_kept);
  }
  co_await store_findings(call, database::kCommitTask, task, reading, found.rows);
  co_return {};
}

}  // namespace fabula::tasks

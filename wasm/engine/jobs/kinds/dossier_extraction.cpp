// Reads a conversation for its project's dossier. When there is nothing new to read, it folds the
// log and asks no model.
#include "shared/jobs/dossier_extraction.hpp"

#include <string>

#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/dossier_reading.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"

namespace fabula::engine {
namespace {

runtime::Task<Result<void>> extract(JobStep& step) {
  const jobs::ExtractionWork work = co_await jobs::read_extraction_work(step.work());
  DossierReading reading = co_await begin_reading(step, work.project_id);
  jobs::ExtractedEntries found;
  if (!work.messages.empty()) {
    const auto question = jobs::extraction_question(work, reading.log.dossier);
    const std::string model = co_await ask_reader(step, reading, question);
    found = co_await jobs::extracted_entries(*reading.answer.document, work, model);
    co_await take_findings(step, reading, found.rows,
                           {.found = found.items_found,
                            .kept = found.items_kept,
                            .without_quote = found.items_without_quote});
  }
  co_await store_findings(step, reading, found.rows);
  co_return {};
}

}  // namespace

constexpr JobKind kDossierExtraction{"dossier_extraction", &reading_models, &extract};

}  // namespace fabula::engine

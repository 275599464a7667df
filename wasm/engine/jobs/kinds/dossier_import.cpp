// Reads imported texts part by part and proposes entries for their dossiers.
#include "shared/jobs/dossier_import.hpp"

#include <string>

#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/dossier_reading.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"

namespace fabula::engine {
namespace {

runtime::Task<Result<void>> import_part(JobStep& step) {
  const jobs::ImportWork work = co_await jobs::read_import_work(step.work());
  DossierReading reading = co_await begin_reading(step, work.project_id);
  const auto question = jobs::import_question(work, reading.log.dossier);
  const std::string model = co_await ask_reader(step, reading, question);
  const jobs::ProposedEntries found =
      co_await jobs::proposed_entries(*reading.answer.document, work, model);
  co_await take_findings(step, reading, found.rows,
                         {.found = found.items_found,
                          .kept = found.items_kept,
                          .without_quote = found.items_without_quote});
  co_await store_findings(step, reading, found.rows, &found.proposals);
  co_return {};
}

}  // namespace

constexpr JobKind kDossierImport{"dossier_import", &reading_models, &import_part};

}  // namespace fabula::engine

// Texts that people have already, read part by part for proposals to their dossiers.
#include "shared/jobs/dossier_import.hpp"

#include <string>

#include "shared/json/text.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/dossier_reading.hpp"

namespace fabula::engine {
namespace {

runtime::Task<Result<void>> import_part(JobStep& step) {
  const jobs::ImportWork work = co_await jobs::read_import_work(step.work());
  DossierReading reading = co_await begin_reading(step, work.project_id);
  const auto question = jobs::import_question(work, reading.log.dossier);
  const std::string model = co_await ask_reader(step, reading, question);
  const jobs::ProposedEntries found =
      co_await jobs::proposed_entries(*reading.answer.document, work, model);
  co_await take_findings(step, reading, found.rows, found.items_found, found.items_kept);

  std::string members = ",\"proposals\":";
  json::Writer writer(members);
  writer.begin_array();
  for (const auto& proposal : found.proposals) writer.string(proposal);
  writer.end_array();
  co_await store_findings(step, reading, found.rows, members);
  co_return {};
}

}  // namespace

extern const JobKind kDossierImport;
constexpr JobKind kDossierImport{"dossier_import", &reading_models, &import_part};

}  // namespace fabula::engine

// What all that is read for a dossier has in common: a model is asked what a text says, and what it
// has found is stored with the dossier that it makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/engine/jobs/step.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// MODEL_DOSSIER's models, else those of MODEL_CHAT.
Result<Endpoints> reading_models(Call& call);

struct DossierReading {
  DossierLog log;
  std::int64_t base = 0;  // the log's head when it was read
  Completion answer;      // without a document when no model was asked
};

runtime::Task<Result<DossierReading>> begin_reading(JobStep& step, std::string_view project_id);

// Asks within the step's time. body_too_large when the log has no room for what would be found. The
// model that has answered, as "provider:model".
runtime::Task<Result<std::string>> ask_reader(JobStep& step, DossierReading& reading,
                                              std::string_view question);

// Puts what was found into the dossier, and the numbers into the request's log.
Result<void> take_findings(JobStep& step, DossierReading& reading,
                           std::span<const dossier::EntryRow> rows, std::size_t items_found,
                           std::size_t items_kept);

// Commits the step with the rows and the dossier that they make, and what is proposed, if anything
// can be. What was found is stored, whatever becomes of the snapshot: who reads the dossier next,
// or adds to it, makes it.
runtime::Task<Result<void>> store_findings(JobStep& step, DossierReading& reading,
                                           std::span<const dossier::EntryRow> rows,
                                           const std::vector<std::string>* proposals = nullptr);

}  // namespace fabula::engine

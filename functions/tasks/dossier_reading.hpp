// What all that is read for a dossier has in common: a model is asked what a text says, and what it
// has found is stored with the dossier that it makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/database/job.hpp"
#include "shared/dossier/log/entry.hpp"
#include "shared/jobs/rows.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/dossier_log.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks_function {

// MODEL_DOSSIER's models, else those of MODEL_CHAT.
Result<engine::Endpoints> reading_models(engine::Call& call);

struct Reading {
  std::int64_t began_ms = 0;
  engine::DossierLog log;
  std::int64_t base = 0;      // the log's head when it was read
  engine::Completion answer;  // without a document when no model was asked
};

runtime::Task<Result<Reading>> begin_reading(engine::Call& call, std::string_view project_id);

// Asks within `deadline_ms` of the beginning. body_too_large when the log has no room for what
// would be found. The model that has answered, as "provider:model".
runtime::Task<Result<std::string>> ask_reader(engine::Call& call, const engine::Endpoints& models,
                                              Reading& reading, std::string_view question,
                                              std::int64_t deadline_ms);

// Puts what was found into the dossier, and the numbers into the request's log.
Result<void> take_findings(engine::Call& call, Reading& reading,
                           std::span<const dossier::EntryRow> rows, std::size_t items_found,
                           std::size_t items_kept);

using CommitFunction = database::Function<jobs::CommitJob, jobs::Committed>;

// Stores the rows, with the dossier that they make, and what is proposed, if anything can be, by
// `function`. What was found is stored, whatever becomes of the snapshot: who reads the dossier
// next, or adds to it, makes it.
runtime::Task<Result<void>> store_findings(engine::Call& call, const CommitFunction& function,
                                           const jobs::ClaimedJob& job, Reading& reading,
                                           std::span<const dossier::EntryRow> rows,
                                           const std::vector<std::string>* proposals = nullptr);

}  // namespace fabula::tasks_function

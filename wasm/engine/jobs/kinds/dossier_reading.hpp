// The shared part of all reading for a dossier: asks a model to extract a text's facts, and stores
// the findings with the resulting dossier.
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

// The models of MODEL_DOSSIER, else those of MODEL_CHAT.
Result<Endpoints> reading_models(Call& call);

// Counts of an answer's items.
struct ItemCounts {
  std::size_t found = 0;
  std::size_t kept = 0;
  std::size_t without_quote = 0;  // dropped: their quotes are not in the text
};

struct DossierReading {
  DossierLog log;
  std::int64_t base = 0;  // the log's head when it was read
  Completion answer;      // without a document when no model was asked
  ItemCounts items;
};

runtime::Task<Result<DossierReading>> begin_reading(JobStep& step, std::string_view project_id);

// Asks a model within the step's time. Returns the one that answered, as "provider:model".
// body_too_large when the log has no room for findings.
runtime::Task<Result<std::string>> ask_reader(JobStep& step, DossierReading& reading,
                                              std::string_view question);

// Adds the findings to the dossier, and their counts to the request's log. body_too_large when the
// dossier's log has no room for them.
Result<void> take_findings(JobStep& step, DossierReading& reading,
                           std::span<const dossier::EntryRow> rows, const ItemCounts& items);

// Commits the step with the rows, the dossier that they make, proposals, if any are possible, and
// the counts of items, which the step's result keeps. The findings are stored even if the snapshot
// cannot be: the next reader or writer of the dossier makes it.
runtime::Task<Result<void>> store_findings(JobStep& step, DossierReading& reading,
                                           std::span<const dossier::EntryRow> rows,
                                           const std::vector<std::string>* proposals = nullptr);

}  // namespace fabula::engine

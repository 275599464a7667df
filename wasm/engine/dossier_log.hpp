// A project's dossier as its log says it: read, folded, added to, and its snapshot kept up to date.
//
//   DossierLog log = co_await read_dossier_log(call, &principal, project_id);
//   auto rows = dossier::lock(log.dossier, id, field, context);
//   co_await commit_to_dossier(call, &principal, log, *rows, if_match);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/dossier.hpp"
#include "shared/dossier/fold/dossier.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

struct DossierLog {
  std::string project_id;
  dossier::Dossier dossier;
  std::int64_t head = 0;       // the log's end: all up to it is in the dossier
  std::int64_t folded_to = 0;  // what the stored snapshot covers
  std::int64_t log_start = 0;  // the version of the empty dossier
};

// The log up to `until`, or whole. Without a principal it is read for whoever owns it. not_found
// when there is no such dossier, or it is another's.
runtime::Task<Result<DossierLog>> read_dossier_log(Call& call, const auth::Principal* principal,
                                                   std::string_view project_id,
                                                   std::optional<std::int64_t> until = {});

// Adds the entries after what the log has, up to `until`.
runtime::Task<Result<void>> read_on(Call& call, const auth::Principal* principal, DossierLog& log,
                                    std::optional<std::int64_t> until = {});

// Stores the rows, which may be none, and the snapshot of the dossier with them. What others have
// stored meanwhile is folded in. With `if_match` nothing is stored unless it is the head:
// precondition_failed. A snapshot that is too large for the database, or a log that is full, is
// body_too_large, and nothing is stored, when a person asks for it; else the rows are stored
// without the snapshot.
runtime::Task<Result<void>> commit_to_dossier(Call& call, const auth::Principal* principal,
                                              DossierLog& log,
                                              std::span<const dossier::EntryRow> rows,
                                              std::string_view if_match = {});

// Folds what a commit was answered into the log, and stores its snapshot until it covers the head.
// `base` is what was sent as the base.
runtime::Task<Result<void>> follow_commit(Call& call, const auth::Principal* principal,
                                          DossierLog& log, database::DossierLogPart tail,
                                          std::int64_t base);

}  // namespace fabula::engine

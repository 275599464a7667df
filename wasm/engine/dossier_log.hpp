// A project's dossier, made from its log: reads it, folds it, adds to it, and keeps its snapshot up
// to date.
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
  std::int64_t head = 0;       // the log's end: the dossier contains everything up to it
  std::int64_t folded_to = 0;  // covered by the stored snapshot
  std::int64_t log_start = 0;  // the version of the empty dossier
};

// Reads the log up to `until`, or all of it. Without a principal the owner is not checked.
// not_found when the dossier does not exist or belongs to another user; body_too_large when the log
// is too long for an instance.
runtime::Task<Result<DossierLog>> read_dossier_log(Call& call, const auth::Principal* principal,
                                                   std::string_view project_id,
                                                   std::optional<std::int64_t> until = {});

// Reads the entries after those that `log` has, up to `until`.
runtime::Task<Result<void>> read_on(Call& call, const auth::Principal* principal, DossierLog& log,
                                    std::optional<std::int64_t> until = {});

// Stores the rows, which may be none, together with the snapshot of the resulting dossier. Rows
// that others have stored meanwhile are folded in. With `if_match`, nothing is stored unless it
// equals the head: precondition_failed. If the log has no room for the rows, every writer is
// refused with body_too_large, and so is a person if the snapshot is too large for the database;
// then nothing is stored. Other writers' rows are stored without such a snapshot.
runtime::Task<Result<void>> commit_to_dossier(Call& call, const auth::Principal* principal,
                                              DossierLog& log,
                                              std::span<const dossier::EntryRow> rows,
                                              std::string_view if_match = {});

// Folds a commit's answer into the log, and stores snapshots until one covers the head. `base` is
// the base that the commit was sent with.
runtime::Task<Result<void>> follow_commit(Call& call, const auth::Principal* principal,
                                          DossierLog& log, database::DossierLogPart tail,
                                          std::int64_t base);

}  // namespace fabula::engine

#include "wasm/engine/dossier_log.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "shared/dossier/fold/room.hpp"
#include "wasm/engine/database.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// After losing this many races, a writer leaves the snapshot to the winners and to readers.
constexpr int kMaximumRounds = 20;

Task<Result<database::DossierLogPart>> send_commit(Call& call, const auth::Principal* principal,
                                                   const DossierLog& log,
                                                   database::DossierCommit&& commit,
                                                   std::string_view if_match = {}) {
  // Freed once the request is written, not only when the database has answered.
  const database::DossierCommit sent = std::move(commit);
  return call_function(call.context(), call.database(), database::kCommitAssertions,
                       {principal, log.project_id, sent, if_match});
}

}  // namespace

Task<Result<void>> read_on(Call& call, const auth::Principal* principal, DossierLog& log,
                           std::optional<std::int64_t> until) {
  for (std::int64_t after = log.head;;) {
    database::DossierLogPart part =
        co_await call_function(call.context(), call.database(), database::kReadDossierLog,
                               {principal, log.project_id, after, until});
    // The dossier has been emptied: only later rows exist.
    if (part.log_start > log.log_start) log.dossier = dossier::Dossier();
    log.log_start = part.log_start;
    log.folded_to = part.folded_to;
    const std::int64_t last = part.rows.last_position;
    log.dossier.add(std::move(part.rows.entries));
    co_await dossier::require_room(log.dossier, {}, dossier::kMaximumReadEntries);
    const std::int64_t end = until ? std::min(*until, part.head) : part.head;
    if (last == 0 || last >= end) {
      log.head = end;
      co_return {};
    }
    after = last;
  }
}

Task<Result<DossierLog>> read_dossier_log(Call& call, const auth::Principal* principal,
                                          std::string_view project_id,
                                          std::optional<std::int64_t> until) {
  DossierLog log;
  log.project_id = project_id;
  co_await read_on(call, principal, log, until);
  co_return log;
}

Task<Result<void>> follow_commit(Call& call, const auth::Principal* principal, DossierLog& log,
                                 database::DossierLogPart part, std::int64_t base) {
  for (int round = 1;; ++round) {
    log.folded_to = part.folded_to;
    if (!part.has_rows) {
      log.head = part.head;
      co_return {};
    }
    if (part.log_start > base) log.dossier = dossier::Dossier();
    log.log_start = part.log_start;
    log.head = part.rows.last_position == 0 ? part.head : part.rows.last_position;
    log.dossier.add(std::move(part.rows.entries));
    if (log.head < part.head) co_await read_on(call, principal, log);
    if (round == kMaximumRounds) co_return {};
    base = log.head;
    part = co_await send_commit(call, principal, log, database::make_commit(log.dossier, base, {}));
  }
}

Task<Result<void>> commit_to_dossier(Call& call, const auth::Principal* principal, DossierLog& log,
                                     std::span<const dossier::EntryRow> rows,
                                     std::string_view if_match) {
  if (!rows.empty()) {
    const auto maximum = principal ? dossier::kMaximumStoredEntries : dossier::kMaximumFoundEntries;
    co_await dossier::require_room(log.dossier, rows, maximum);
  }
  std::vector<dossier::Entry> entries;
  for (const auto& row : rows) entries.push_back(co_await dossier::parse_entry(row));
  log.dossier.add(std::move(entries));
  const std::int64_t base = log.head;
  auto commit = database::make_commit(log.dossier, base, rows);
  if (commit.snapshot.empty() && principal && !rows.empty()) {
    co_return problem(ErrorCode::body_too_large,
                      "With this the dossier would have more than 2 MB: shorten its texts.");
  }
  database::DossierLogPart tail =
      co_await send_commit(call, principal, log, std::move(commit), if_match);
  co_await follow_commit(call, principal, log, std::move(tail), base);
  co_return {};
}

}  // namespace fabula::engine

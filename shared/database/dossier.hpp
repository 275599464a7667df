// The database's functions for dossiers: their logs, and the endpoints' reads and imports.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"
#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/import/text.hpp"
#include "shared/dossier/log/entry.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"

namespace fabula::database {

// Reads the log of a project's dossier. Without a principal the owner is not checked.
struct ReadDossierLog {
  const auth::Principal* principal = nullptr;
  std::string_view project_id;
  std::int64_t after = 0;                  // entries up to this position are known already
  std::optional<std::int64_t> until = {};  // the last position that is wanted
};

// The state of a log, and some of its entries.
struct DossierLogPart {
  std::int64_t head = 0;
  std::int64_t folded_to = 0;  // position that the stored snapshot covers
  std::int64_t log_start = 0;  // the version of the empty dossier
  bool has_rows = false;       // false: no entries after `after`
  dossier::ParsedRows rows;
};

void write_read_dossier_log(std::string& out, const ReadDossierLog& request);
std::optional<DossierLogPart> read_dossier_log_entries(std::string answer);

inline constexpr Function<ReadDossierLog, DossierLogPart> kReadDossierLog{
    {"read_dossier_log", kOnceMore}, &write_read_dossier_log, &read_dossier_log_entries};

// Entries to add to a log, and the dossier that results.
struct DossierCommit {
  std::int64_t base = 0;  // the head of the log that was folded, without `rows`
  std::span<const dossier::EntryRow> rows;
  std::string snapshot;  // JSON; empty: too large for the database
  std::string facts;     // JSON, for prompts; empty: too large
};

// Makes the commit of a dossier that contains the rows already; the rows must outlive the commit.
DossierCommit make_commit(dossier::Dossier& dossier, std::int64_t base,
                          std::span<const dossier::EntryRow> rows);

// Writes members into the object that is open: base, assertions, and snapshot and facts if they
// exist.
void write_commit(json::Writer& writer, const DossierCommit& commit);

struct CommitAssertions {
  const auth::Principal* principal = nullptr;
  std::string_view project_id;
  const DossierCommit& commit;
  std::string_view if_match = {};  // if set, nothing is stored unless it equals the log's head
};

void write_commit_assertions(std::string& out, const CommitAssertions& request);
std::optional<DossierLogPart> read_committed_assertions(std::string answer);

// Reads, from an answer that contains a commit's answer, the entries that the committer has not
// seen.
std::optional<DossierLogPart> read_tail(std::string_view answer);

// Retries are safe: entries that are stored already are not stored again.
inline constexpr Function<CommitAssertions, DossierLogPart> kCommitAssertions{
    {"commit_assertions", kOnceMore}, &write_commit_assertions, &read_committed_assertions};

struct ReadDossier {
  const auth::Principal& principal;
  std::string_view project_id;
};

struct StoredDossier {
  std::string envelope;     // for the endpoint (shared/api/envelope.hpp)
  bool is_current = false;  // the snapshot in it covers the log
};

void write_read_dossier(std::string& out, const ReadDossier& request);
std::optional<StoredDossier> read_stored_dossier(std::string answer);

inline constexpr Function<ReadDossier, StoredDossier> kReadDossier{
    {"read_dossier", kNever}, &write_read_dossier, &read_stored_dossier};

struct StartImport {
  const auth::Principal& principal;
  std::string_view project_id;
  std::string_view title;
  const dossier::ImportPlan& plan;
  std::string_view admission = {};  // a JSON object (supabase/schemas/admission/admit.sql)
};

void write_start_import(std::string& out, const StartImport& request);

inline constexpr Function<StartImport, std::string> kStartImport{
    {"start_import", kNever}, &write_start_import, &keep_envelope};

inline constexpr Declaration kListDossiers{"list_dossiers", kOnceMore};
inline constexpr Declaration kClearDossier{"clear_dossier", kNever};
inline constexpr Declaration kListDossierVersions{"list_dossier_versions", kOnceMore};
inline constexpr Declaration kListDossierReadings{"list_dossier_readings", kOnceMore};
inline constexpr Declaration kReadImport{"read_import", kOnceMore};
inline constexpr Declaration kCancelImport{"cancel_import", kNever};

}  // namespace fabula::database

#include "wasm/engine/dossier_log.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "shared/database/rpc.hpp"
#include "shared/dossier/fold/room.hpp"
#include "shared/dossier/read/snapshot.hpp"
#include "shared/dossier/read/told_facts.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"
#include "shared/text/integer.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::string_view kRead = "read_dossier_log";
constexpr std::string_view kCommit = "commit_assertions";
constexpr std::uint32_t kReadAgainAfterMs = 200;
// What the database takes (private.check_facts); the ids are most of it.
constexpr std::size_t kMaximumFactsBytes = 256 * 1024;
// Whoever has lost so many races leaves the snapshot to those who win them, and to readers.
constexpr int kMaximumRounds = 20;

std::string request_start(const auth::Principal* principal, std::string_view project_id) {
  std::string request = "{\"project_id\":";
  json::append_string(request, project_id);
  request.append(",\"principal\":");
  json::Writer writer(request);
  if (principal) {
    auth::write_principal(writer, *principal);
  } else {
    writer.null();
  }
  return request;
}

// Both functions may be called twice: one changes nothing, the other nothing twice.
Task<Result<std::string>> call_twice(Call& call, std::string_view name,
                                     const std::string& request) {
  auto answer =
      co_await runtime::attempt(call_function(call.context(), call.database(), name, request));
  if (!answer && answer.error().code == ErrorCode::database_unavailable) {
    co_await runtime::Timer(call.context(), kReadAgainAfterMs);
    answer =
        co_await runtime::attempt(call_function(call.context(), call.database(), name, request));
  }
  co_return answer;
}

// Where the log stands, and rows of it.
struct Part {
  std::int64_t head = 0;
  std::int64_t folded_to = 0;
  std::int64_t log_start = 0;
  bool has_rows = false;  // false: null
  dossier::ParsedRows rows;
};

// Reads the rows while it walks the answer, which may have hundreds of kilobytes.
Result<Part> parse_part(std::string_view answer, std::string_view function,
                        std::string_view rows_key) {
  Part part;
  std::array<std::string_view, 3> literals;
  constexpr std::array<std::string_view, 3> kNumbers = {"head", "folded_to", "log_start"};
  json::Scanner scanner(answer);
  json::StringSpan key;
  std::string unescaped;
  if (scanner.enter_object()) {
    while (scanner.next_member(key)) {
      const auto name = json::unescaped(key, unescaped);
      const auto number = std::find(kNumbers.begin(), kNumbers.end(), name);
      if (number != kNumbers.end()) {
        literals[static_cast<std::size_t>(number - kNumbers.begin())] = scanner.skip_value();
      } else if (name != rows_key) {
        scanner.skip_value();
      } else {
        part.has_rows = scanner.peek() != json::Kind::null;
        part.rows = {};
        if (part.has_rows) {
          part.rows = dossier::read_rows(scanner, answer.size());
        } else {
          scanner.skip_value();
        }
      }
    }
  }
  if (!scanner.finish() || !part.rows.are_objects) return database::unexpected_answer(function);
  const std::array numbers = {&part.head, &part.folded_to, &part.log_start};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = text::parse_natural(literals[i]);
    if (!number) return database::unexpected_answer(function);
    *numbers[i] = static_cast<std::int64_t>(*number);
  }
  return part;
}

}  // namespace

Task<Result<void>> read_on(Call& call, const auth::Principal* principal, DossierLog& log,
                           std::optional<std::int64_t> until) {
  for (std::int64_t after = log.head;;) {
    std::string request = request_start(principal, log.project_id);
    request.append(",\"after\":");
    text::append_integer(request, after);
    if (until) {
      request.append(",\"until\":");
      text::append_integer(request, *until);
    }
    request.append("}");
    const std::string answer = co_await call_twice(call, kRead, request);
    Part part = co_await parse_part(answer, kRead, "entries");
    // It has been emptied: what is after that is all that there is.
    if (part.log_start > log.log_start) log.dossier = dossier::Dossier();
    log.log_start = part.log_start;
    log.folded_to = part.folded_to;
    const std::int64_t last = part.rows.last_position;
    log.dossier.add(std::move(part.rows.entries));
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

bool append_commit_members(std::string& request, dossier::Dossier& dossier, std::int64_t base,
                           std::span<const dossier::EntryRow> rows) {
  request.append("\"base\":");
  text::append_integer(request, base);
  request.append(",\"assertions\":");
  json::Writer writer(request);
  writer.begin_array();
  for (const auto& row : rows) write_row(writer, row);
  writer.end_array();
  const std::string snapshot = snapshot_json(dossier);
  if (snapshot.size() > kMaximumSnapshotBytes) return false;
  request.append(",\"snapshot\":").append(snapshot);
  const std::string facts = dossier::told_facts_json(dossier);
  if (facts.size() <= kMaximumFactsBytes) request.append(",\"facts\":").append(facts);
  return true;
}

Task<Result<void>> follow_commit(Call& call, const auth::Principal* principal, DossierLog& log,
                                 std::string_view first_answer, std::int64_t base) {
  std::string answer(first_answer);
  for (int round = 1;; ++round) {
    Part part = co_await parse_part(answer, kCommit, "tail");
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
    std::string request = request_start(principal, log.project_id).append(",");
    append_commit_members(request, log.dossier, base, {});
    answer = co_await call_twice(call, kCommit, request.append("}"));
  }
}

Task<Result<void>> commit_to_dossier(Call& call, const auth::Principal* principal, DossierLog& log,
                                     std::span<const dossier::EntryRow> rows,
                                     std::string_view if_match) {
  if (principal && !rows.empty()) co_await dossier::require_room(log.dossier);
  std::vector<dossier::Entry> entries;
  for (const auto& row : rows) entries.push_back(co_await dossier::parse_entry(row));
  log.dossier.add(std::move(entries));
  const std::int64_t base = log.head;
  std::string request = request_start(principal, log.project_id).append(",");
  const bool has_snapshot = append_commit_members(request, log.dossier, base, rows);
  if (!has_snapshot && principal && !rows.empty()) {
    co_return problem(ErrorCode::body_too_large,
                      "With this the dossier would have more than 2 MB: shorten its texts.");
  }
  if (!if_match.empty()) {
    request.append(",\"if_match\":");
    json::append_string(request, if_match);
  }
  const std::string answer = co_await call_twice(call, kCommit, request.append("}"));
  co_await follow_commit(call, principal, log, answer, base);
  co_return {};
}

}  // namespace fabula::engine

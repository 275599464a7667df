#include "shared/database/dossier.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "shared/dossier/read/snapshot.hpp"
#include "shared/dossier/read/told_facts.hpp"
#include "shared/json/raw_object.hpp"
#include "shared/text/integer.hpp"

namespace fabula::database {
namespace {

// The database's limits (private.check_snapshot, private.check_facts). Most of the facts' bytes are
// ids.
constexpr std::size_t kMaximumSnapshotBytes = 2 * 1024 * 1024;
constexpr std::size_t kMaximumFactsBytes = 256 * 1024;

void write_log_of(json::Writer& writer, const auth::Principal* principal,
                  std::string_view project_id) {
  writer.key("project_id").string(project_id).key("principal");
  if (principal) {
    auth::write_principal(writer, *principal);
  } else {
    writer.null();
  }
}

// Reads the rows in one pass over the answer, which may be hundreds of kilobytes long.
std::optional<DossierLogPart> read_part(std::string_view answer, std::string_view rows_key) {
  DossierLogPart part;
  const std::array<std::pair<std::string_view, std::int64_t*>, 3> numbers = {{
      {"head", &part.head},
      {"folded_to", &part.folded_to},
      {"log_start", &part.log_start},
  }};
  std::array<bool, numbers.size()> has_number = {};
  json::Scanner scanner(answer);
  json::StringSpan key;
  std::string unescaped;
  if (scanner.enter_object()) {
    while (scanner.next_member(key)) {
      const auto name = json::unescaped(key, unescaped);
      const auto number =
          std::find_if(numbers.begin(), numbers.end(),
                       [name](const auto& candidate) { return candidate.first == name; });
      if (number != numbers.end()) {
        const auto value = text::parse_natural(scanner.skip_value());
        has_number[static_cast<std::size_t>(number - numbers.begin())] = value.has_value();
        *number->second = static_cast<std::int64_t>(value.value_or(0));
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
  const bool is_whole =
      std::all_of(has_number.begin(), has_number.end(), [](bool is) { return is; });
  if (!scanner.finish() || !part.rows.are_objects || !is_whole) return std::nullopt;
  return part;
}

}  // namespace

void write_read_dossier_log(std::string& out, const ReadDossierLog& request) {
  json::Writer writer(out);
  writer.begin_object();
  write_log_of(writer, request.principal, request.project_id);
  writer.key("after").integer(request.after);
  if (request.until) writer.key("until").integer(*request.until);
  writer.end_object();
}

std::optional<DossierLogPart> read_dossier_log_entries(std::string answer) {
  return read_part(answer, "entries");
}

DossierCommit make_commit(dossier::Dossier& dossier, std::int64_t base,
                          std::span<const dossier::EntryRow> rows) {
  DossierCommit commit{base, rows, snapshot_json(dossier), {}};
  if (commit.snapshot.size() > kMaximumSnapshotBytes) {
    commit.snapshot = std::string();
    return commit;
  }
  commit.facts = told_facts_json(dossier);
  if (commit.facts.size() > kMaximumFactsBytes) commit.facts = std::string();
  return commit;
}

void write_commit(json::Writer& writer, const DossierCommit& commit) {
  writer.key("base").integer(commit.base).key("assertions").begin_array();
  for (const auto& row : commit.rows) write_row(writer, row);
  writer.end_array();
  if (!commit.snapshot.empty()) writer.key("snapshot").raw(commit.snapshot);
  if (!commit.facts.empty()) writer.key("facts").raw(commit.facts);
}

void write_commit_assertions(std::string& out, const CommitAssertions& request) {
  json::Writer writer(out);
  writer.begin_object();
  write_log_of(writer, request.principal, request.project_id);
  write_commit(writer, request.commit);
  if (!request.if_match.empty()) writer.key("if_match").string(request.if_match);
  writer.end_object();
}

std::optional<DossierLogPart> read_tail(std::string_view answer) {
  return read_part(answer, "tail");
}

std::optional<DossierLogPart> read_committed_assertions(std::string answer) {
  return read_tail(answer);
}

void write_read_dossier(std::string& out, const ReadDossier& request) {
  json::Writer writer(out);
  writer.begin_object().key("project_id").string(request.project_id).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

std::optional<StoredDossier> read_stored_dossier(std::string answer) {
  const auto envelope = json::RawObject::read(answer, {"head", "etag"});
  if (!envelope) return std::nullopt;
  const auto head = envelope->text("head");
  const auto version = envelope->string("etag");
  if (head.empty() || !version) return std::nullopt;
  const bool is_current = head == *version;
  return StoredDossier{std::move(answer), is_current};
}

void write_start_import(std::string& out, const StartImport& request) {
  // Each character may need a few more bytes in JSON.
  constexpr std::size_t kStepFrameBytes = 128;
  const auto& plan = request.plan;
  out.reserve(out.size() + plan.text.size() * 9 / 8 + plan.steps.size() * kStepFrameBytes);
  json::Writer writer(out);
  writer.begin_object();
  writer.key("chapters").integer(static_cast<std::int64_t>(plan.chapters.size()));
  writer.key("steps").begin_array();
  for (const auto& step : plan.steps) {
    const auto text = std::string_view(plan.text).substr(step.begin, step.end - step.begin);
    writer.begin_object();
    writer.key("chapter").integer(static_cast<std::int64_t>(step.chapter + 1));
    writer.key("chapter_title").string(plan.chapters[step.chapter].title);
    writer.key("from_byte").integer(static_cast<std::int64_t>(step.begin));
    writer.key("text").string(text);
    writer.end_object();
  }
  writer.end_array();
  writer.key("project_id").string(request.project_id);
  if (!request.admission.empty()) writer.key("admission").raw(request.admission);
  writer.key("title").string(request.title).key("principal");
  auth::write_principal(writer, request.principal);
  writer.end_object();
}

}  // namespace fabula::database

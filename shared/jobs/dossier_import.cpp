#include "shared/jobs/dossier_import.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/database/job.hpp"
#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/extract/extraction_prompt.hpp"
#include "shared/dossier/log/field.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/dossier/log/sha256.hpp"
#include "shared/text/integer.hpp"

namespace fabula::jobs {
namespace {

using json::Document;

// Enough digits that no two proposals of a project share an id.
constexpr std::size_t kProposalDigits = 32;

std::string_view text_at(const Document& body, std::string_view key) {
  return json::string_at(body, key).value_or("");
}

// The subject of an entry, by a name that is the same in the whole import.
std::string subject_of(const Document& body) {
  for (const auto* key : {"ref", "from_ref"}) {
    if (const auto ref = text_at(body, key); !ref.empty()) return std::string(ref);
  }
  const auto type = text_at(body, "type");
  std::string subject(type.empty() ? "story" : type);
  if (const auto field = text_at(body, "field"); !field.empty()) subject.append(":").append(field);
  for (const auto* key : {"text", "value"}) {
    const auto text = text_at(body, key);
    if (!text.empty()) return subject.append(":").append(dossier::fold(text));
  }
  return subject;
}

std::string proposal_of(std::string_view job_id, const Document& body) {
  const auto named = std::string(job_id).append(":").append(subject_of(body));
  return dossier::digest_text(dossier::sha256(named)).substr(0, kProposalDigits);
}

}  // namespace

Result<ImportWork> read_import_work(const Document& work) {
  const auto job_id = json::string_at(work, "job_id");
  const auto project_id = json::string_at(work, "project_id");
  const auto text = json::string_at(work, "text");
  const auto before = json::string_at(work, "before");
  const auto step = json::integer_at(work, "step");
  const auto begun_at_ms = json::integer_at(work, "created_at");
  if (!job_id || !project_id || !text || !before || !step || *step < 1 || !begun_at_ms) {
    return database::unexpected_answer(database::kClaimStep.name);
  }
  return ImportWork{.job_id = *job_id,
                    .project_id = *project_id,
                    .chapter = json::integer_at(work, "chapter").value_or(0),
                    .chapter_title = text_at(work, "chapter_title"),
                    .text = *text,
                    .before = *before,
                    .step = *step,
                    .begun_at_ms = *begun_at_ms};
}

std::string import_question(const ImportWork& work, dossier::Dossier& dossier) {
  std::string heading(work.chapter_title);
  std::vector<dossier::SpokenPart> before;
  if (!work.before.empty()) before.push_back({{}, work.before});
  // The title may show the narrator of the chapter: a step in the middle of it may not name the
  // narrator.
  const bool shows_title =
      work.text.substr(0, heading.size() * 2).find(heading) != std::string::npos;
  if (!heading.empty() && !shows_title) before.push_back({{}, heading});
  const std::array parts{dossier::SpokenPart{{}, work.text}};
  return dossier::extraction_question(dossier::known_lines(dossier), before, parts);
}

Result<ProposedEntries> proposed_entries(const Document& answer, const ImportWork& work,
                                         std::string_view model) {
  const auto delivery = std::string(work.job_id).append(":").append(text::integer_text(work.step));
  auto extraction = dossier::entries_from_answer(
      answer, {.project_id = work.project_id,
               .message_id = {},
               .text = work.text,
               .begin = 0,
               .end = work.text.size(),
               // Quotes have positions within their step only, so the time orders the steps.
               .at = work.begun_at_ms + work.step - 1,
               .model = model,
               .prompt = dossier::extraction_prompt_label(),
               .delivery = delivery});
  if (!extraction) return tl::unexpected(std::move(extraction.error()));
  const auto heading = dossier::clean_text(work.chapter_title, dossier::kMaximumEntryNameBytes);
  ProposedEntries proposed;
  proposed.items_found = extraction->items;
  proposed.items_without_quote = extraction->without_quote;
  for (const auto& row : extraction->rows) {
    auto body = json::parse(row.body);
    if (!body) continue;
    const auto proposal = proposal_of(work.job_id, *body);
    (*body)["proposal"] = proposal;
    if (work.chapter > 0) (*body)["chapter"] = work.chapter;
    if (!heading.empty()) (*body)["heading"] = heading;
    auto proposed_row = dossier::make_row(work.project_id, row.kind, {}, *body);
    if (!proposed_row) continue;  // too long to be stored with its proposal
    proposed.rows.push_back(std::move(*proposed_row));
    auto& known = proposed.proposals;
    if (std::find(known.begin(), known.end(), proposal) == known.end()) known.push_back(proposal);
  }
  proposed.items_kept = proposed.rows.size();
  return proposed;
}

}  // namespace fabula::jobs

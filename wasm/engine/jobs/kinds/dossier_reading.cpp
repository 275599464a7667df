#include "wasm/engine/jobs/kinds/dossier_reading.hpp"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/extract/extraction_prompt.hpp"
#include "shared/dossier/fold/room.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"

namespace fabula::engine {

using runtime::Task;

namespace {

// A long chapter has a few hundred items of thirty tokens each. Some models refuse to be asked for
// so many; of what is cut off the whole items are kept.
constexpr std::int64_t kMaximumOutputTokens = 8000;

void add_to(std::optional<std::int64_t>& total, std::size_t more) {
  total = total.value_or(0) + static_cast<std::int64_t>(more);
}

}  // namespace

Result<Endpoints> reading_models(Call& call) {
  return resolve_route_or(call, "MODEL_DOSSIER", "openai:gpt-4o", "MODEL_CHAT", kDefaultRoute);
}

Task<Result<DossierReading>> begin_reading(JobStep& step, std::string_view project_id) {
  DossierReading reading;
  reading.log = co_await read_dossier_log(step.call(), nullptr, project_id);
  reading.base = reading.log.head;
  co_return reading;
}

Task<Result<std::string>> ask_reader(JobStep& step, DossierReading& reading,
                                     std::string_view question) {
  co_await dossier::require_room(reading.log.dossier, dossier::kMaximumFoundEntries);
  const auto maximum_output_tokens = step.call().number_setting("FABULA_DOSSIER_MAX_OUTPUT_TOKENS",
                                                                kMaximumOutputTokens, 1, 100'000);
  reading.answer = co_await step.complete({.system_prompt = dossier::extraction_instructions(),
                                           .user_text = question,
                                           .maximum_output_tokens = maximum_output_tokens,
                                           .response_schema = dossier::kExtractionSchema,
                                           .response_schema_name = "dossier"});
  co_return std::string(reading.answer.provider) + ":" + reading.answer.model;
}

Result<void> take_findings(JobStep& step, DossierReading& reading,
                           std::span<const dossier::EntryRow> rows, std::size_t items_found,
                           std::size_t items_kept) {
  auto& log = step.call().log();
  add_to(log.items_found, items_found);
  add_to(log.items_kept, items_kept);
  std::vector<dossier::Entry> entries;
  for (const auto& row : rows) {
    auto entry = dossier::parse_entry(row);
    if (!entry) return tl::unexpected(std::move(entry.error()));
    entries.push_back(std::move(*entry));
  }
  reading.log.dossier.add(std::move(entries));
  return {};
}

Task<Result<void>> store_findings(JobStep& step, DossierReading& reading,
                                  std::span<const dossier::EntryRow> rows,
                                  std::string_view members) {
  std::string result;
  append_commit_members(result, reading.log.dossier, reading.base, rows);
  result.append(members);
  if (reading.answer.attempts > 0) {
    result.append(",\"model\":");
    json::append_string(result, std::string(reading.answer.provider) + ":" + reading.answer.model);
    result.append(",\"prompt\":");
    json::append_string(result, dossier::extraction_prompt_label());
  }
  const std::string stored = co_await step.commit(result);
  std::array dossier = {json::RawMember{.key = "dossier"}};
  if (json::find_raw_members(stored, dossier)) {
    const auto followed = co_await runtime::attempt(
        follow_commit(step.call(), nullptr, reading.log, dossier.front().value, reading.base));
    if (!followed) step.call().note_problem(followed.error());
  }
  co_return {};
}

}  // namespace fabula::engine

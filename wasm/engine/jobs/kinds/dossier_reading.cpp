#include "wasm/engine/jobs/kinds/dossier_reading.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "shared/database/dossier.hpp"
#include "shared/dossier/extract/extraction.hpp"
#include "shared/dossier/extract/extraction_prompt.hpp"
#include "shared/dossier/fold/room.hpp"
#include "shared/json/raw_object.hpp"
#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"

namespace fabula::engine {

using runtime::Task;

namespace {

void add_to(std::optional<std::int64_t>& total, std::size_t more) {
  total = total.value_or(0) + static_cast<std::int64_t>(more);
}

}  // namespace

Result<Endpoints> reading_models(Call& call) {
  return resolve_route_or(call, settings::named("MODEL_DOSSIER"), settings::named("MODEL_CHAT"));
}

Task<Result<DossierReading>> begin_reading(JobStep& step, std::string_view project_id) {
  DossierReading reading;
  reading.log = co_await read_dossier_log(step.call(), nullptr, project_id);
  reading.base = reading.log.head;
  co_return reading;
}

Task<Result<std::string>> ask_reader(JobStep& step, DossierReading& reading,
                                     std::string_view question) {
  co_await dossier::require_room(reading.log.dossier, {}, dossier::kMaximumFoundEntries);
  const auto maximum_output_tokens =
      step.call().setting_values().number(settings::named("FABULA_DOSSIER_MAX_OUTPUT_TOKENS"));
  reading.answer = co_await step.complete({.system_prompt = dossier::extraction_instructions(),
                                           .user_text = question,
                                           .maximum_output_tokens = maximum_output_tokens,
                                           .response_schema = dossier::kExtractionSchema,
                                           .response_schema_name = "dossier"});
  co_return std::string(reading.answer.provider) + ":" + reading.answer.model;
}

Result<void> take_findings(JobStep& step, DossierReading& reading,
                           std::span<const dossier::EntryRow> rows, const ItemCounts& items) {
  reading.items = items;
  auto& log = step.call().log();
  add_to(log.items_found, items.found);
  add_to(log.items_kept, items.kept);
  add_to(log.items_without_quote, items.without_quote);
  if (!rows.empty()) {
    auto room = dossier::require_room(reading.log.dossier, rows, dossier::kMaximumFoundEntries);
    if (!room) return room;
  }
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
                                  const std::vector<std::string>* proposals) {
  const auto& answer = reading.answer;
  std::string result;
  {
    const auto commit = database::make_commit(reading.log.dossier, reading.base, rows);
    json::Writer writer(result);
    writer.begin_object();
    database::write_commit(writer, commit);
    if (proposals) {
      writer.key("proposals").begin_array();
      for (const auto& proposal : *proposals) writer.string(proposal);
      writer.end_array();
    }
    if (answer.attempts > 0) {
      writer.key("model").string(std::string(answer.provider) + ":" + answer.model);
      writer.key("prompt").string(dossier::extraction_prompt_label());
      writer.key("items_found").integer(static_cast<std::int64_t>(reading.items.found));
      writer.key("items_without_quote")
          .integer(static_cast<std::int64_t>(reading.items.without_quote));
    }
    writer.end_object();
  }
  const std::string stored = co_await step.commit(std::exchange(result, {}));
  const auto object = json::RawObject::read(stored, {"dossier"});
  auto tail = object ? database::read_tail(object->text("dossier")) : std::nullopt;
  if (tail) {
    const auto followed = co_await runtime::attempt(
        follow_commit(step.call(), nullptr, reading.log, *std::move(tail), reading.base));
    if (!followed) step.call().note_problem(followed.error());
  }
  co_return {};
}

}  // namespace fabula::engine

// Reads a user's messages to a companion for the companion's memory. When there is nothing new to
// read, it folds the log and asks no model.
#include "shared/jobs/companion_memory.hpp"

#include <string>
#include <utility>

#include "shared/json/text.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::int64_t kMaximumMemoryTokens = 4000;

// The models of MODEL_MEMORY, else those of MODEL_CHAT.
Result<Endpoints> memory_models(Call& call) {
  return resolve_route_or(call, settings::named("MODEL_MEMORY"), settings::named("MODEL_CHAT"));
}

Task<Result<void>> remember(JobStep& step) {
  jobs::MemoryWork work = co_await jobs::read_memory_work(step.work());
  memory::Folded folded = memory::fold(work.log.entries);
  memory::Extraction found;
  std::string model;
  if (!work.messages.empty()) {
    const auto question = memory::extraction_question(folded, work.before, work.messages);
    const Completion answer =
        co_await step.complete({.system_prompt = memory::extraction_instructions(),
                                .user_text = question,
                                .maximum_output_tokens = kMaximumMemoryTokens,
                                .response_schema = memory::kExtractionSchema,
                                .response_schema_name = "memory"});
    model = answer.provider + ":" + answer.model;
    found = co_await memory::entries_from_answer(*answer.document, work.log.memory_log_id, folded,
                                                 work.messages, model);
    auto& log = step.call().log();
    log.items_found = static_cast<std::int64_t>(found.items);
    log.items_kept = static_cast<std::int64_t>(found.kept);
    for (const auto& row : found.rows) work.log.entries.push_back({row, false});
    folded = memory::fold(work.log.entries);
  }
  std::string result;
  json::Writer writer(result);
  writer.begin_object();
  memory::write_commit(writer, work.log.version, found.rows, folded);
  if (!model.empty()) {
    writer.key("model").string(model);
    writer.key("prompt").string(memory::extraction_prompt_label());
  }
  writer.end_object();
  co_await step.commit(result);
  co_return {};
}

}  // namespace

constexpr JobKind kCompanionMemory{"companion_memory", &memory_models, &remember};

}  // namespace fabula::engine

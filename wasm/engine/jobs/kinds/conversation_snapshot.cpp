// Copies of conversations with companions in Storage, written after turns and deleted with them.
#include <string>

#include "shared/database/job.hpp"
#include "shared/json/document.hpp"
#include "wasm/engine/jobs/kind.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/snapshots.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// No model is asked.
Result<Endpoints> no_models(Call&) { return Endpoints(); }

Task<Result<void>> copy_conversation(JobStep& step) {
  const auto id = json::string_at(step.work(), "conversation_id");
  const auto* snapshot = json::find(step.work(), "snapshot");
  if (!id || !snapshot) co_return database::unexpected_answer(database::kClaimStep.name);
  if (snapshot->is_null()) {
    co_await delete_snapshot(step.call(), *id);
  } else {
    co_await write_snapshot(step.call(), *id, json::dump(*snapshot));
  }
  co_await step.commit("{}");
  co_return {};
}

}  // namespace

constexpr JobKind kConversationSnapshot{"conversation_snapshot", &no_models, &copy_conversation};

}  // namespace fabula::engine

#include "functions/story/begin.hpp"

#include <array>
#include <string>
#include <string_view>

#include "shared/database/story.hpp"
#include "shared/story/cache_key.hpp"
#include "shared/story/estimate.hpp"
#include "shared/story/prompt.hpp"
#include "wasm/engine/admission.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"

namespace fabula::story_function {
namespace {

using engine::Call;
using runtime::Task;

// The models as one text, so that another route of models makes another request.
std::string text_of(const engine::Endpoints& models) {
  std::string text;
  for (const auto& model : models) {
    if (!text.empty()) text.append(",");
    text.append(model.provider->name).append(":").append(model.model);
  }
  return text;
}

}  // namespace

Task<Result<story::BegunStory>> begin(Call& call, const Request& request) {
  const engine::Endpoints models = co_await engine::kStory.models(call);
  const auto& settings = request.settings.settings;
  const std::string canonical = story::canonical_json(settings);
  const std::string model_route = text_of(models);
  const auto estimate = story::estimate(
      settings, request.route,
      {.has_premise = has(request.body, "premise"), .has_outline = has(request.body, "outline")});
  const std::string label = story::prompts_label();
  const std::array<std::string_view, 1> labels{label};
  const std::string key = story::cache_key({.owner_id = {},
                                            .route = request.route,
                                            .settings = canonical,
                                            .given = request.given,
                                            .project_id = request.project_id,
                                            .model_route = model_route,
                                            .prompt_labels = labels});
  const std::string adjustments = story::adjustments_json(request.settings.adjustments);
  const std::string admission = co_await engine::describe_admission(call);
  co_return co_await engine::call_function(call.context(), call.database(), database::kBeginStory,
                                           {.principal = request.caller.principal,
                                            .route = request.route,
                                            .settings = canonical,
                                            .named = request.named,
                                            .adjustments = adjustments,
                                            .given = request.given,
                                            .project_id = request.project_id,
                                            .cache_key = key,
                                            .is_fresh = request.is_fresh,
                                            .calls = estimate.calls,
                                            .tokens = estimate.tokens(),
                                            .expected_steps = estimate.calls,
                                            .title = settings.title,
                                            .idempotency_key = request.idempotency_key,
                                            .request_hash = request.request_hash,
                                            .admission = admission});
}

Facts facts_of(const Request& request, const story::BegunStory& begun) {
  const auto& settings = request.settings.settings;
  Facts facts{.task_id = begun.task_id,
              .project_id = begun.project_id,
              .language = settings.language,
              .unit = std::string(story::name(settings.unit)),
              .adjustments = story::adjustments_json(request.settings.adjustments),
              .is_cached = begun.cached.is_object()};
  // An existing story keeps its own language.
  if (const auto language = json::string_at(begun.settings, "language")) facts.language = *language;
  if (const auto unit = json::string_at(begun.settings, "unit")) facts.unit = *unit;
  return facts;
}

}  // namespace fabula::story_function

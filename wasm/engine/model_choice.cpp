#include "wasm/engine/model_choice.hpp"

#include <string>
#include <utility>

#include "shared/llm/route/listed_models.hpp"
#include "shared/settings/table.hpp"
#include "wasm/engine/host_settings.hpp"

namespace fabula::engine {
namespace {

std::string allowed_models(settings::Values& values) {
  constexpr const auto& kModels = settings::named("FABULA_MODELS");
  if (const auto listed = values.find(kModels)) return std::string(*listed);
  std::string models;
  for (const auto& setting : settings::kSettings) {
    if (setting.type != settings::Type::route) continue;
    const auto route = values.text(setting);
    if (!route.empty()) models.append(route).append(",");
  }
  if (values.find(settings::named("OPENROUTER_API_KEY"))) models.append("openrouter:*");
  return models;
}

tl::unexpected<Problem> refused_model(std::string message, std::string_view cause = {}) {
  auto refusal = problem(ErrorCode::invalid_request, "The model cannot be asked. See `errors`.",
                         std::string(cause));
  refusal.value().errors.push_back({"model", std::move(message)});
  return refusal;
}

}  // namespace

Result<Endpoints> choose_model(Call& call, std::string_view name) {
  const auto entry = llm::find_listed(allowed_models(call.setting_values()), name);
  if (!entry) {
    return refused_model(
        "This server allows no such model. Leave it out, or name one that it allows, as "
        "provider:model.");
  }
  auto endpoint = llm::resolve(*entry, HostSettings(call), call.settings().is_development);
  if (!endpoint) {
    return refused_model("This server cannot ask this model now. Leave it out, or name another.",
                         endpoint.error().detail);
  }
  endpoint->route = settings::named("FABULA_MODELS").name;
  Endpoints endpoints;
  endpoints.push_back(std::move(*endpoint));
  return endpoints;
}

}  // namespace fabula::engine

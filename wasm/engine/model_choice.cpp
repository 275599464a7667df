#include "wasm/engine/model_choice.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "shared/llm/route/listed_models.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"
#include "wasm/engine/host_settings.hpp"

namespace fabula::engine {
namespace {

std::string allowed_models(settings::Values& values) {
  constexpr const auto& kModels = settings::named("FABULA_MODELS");
  if (const auto listed = values.find(kModels)) return std::string(*listed);
  std::string models;
  for (const auto& setting : settings::kSettings) {
    // Models for images write no text.
    if (setting.type != settings::Type::route || setting.name == "MODEL_IMAGE") continue;
    const auto route = values.text(setting);
    if (!route.empty()) models.append(route).append(",");
  }
  if (values.find(settings::named("OPENROUTER_API_KEY"))) models.append("openrouter:*");
  return models;
}

// The usable entries of the list, each once, separated by commas.
std::string told_models(Call& call, std::string_view models) {
  constexpr int kMaximumTold = 20;
  std::vector<std::string_view> told;
  text::Splitter entries(models, ',');
  while (const auto next = entries.next()) {
    const auto entry = text::trim(*next);
    const auto known = std::find(told.begin(), told.end(), entry);
    if (entry.empty() || known != told.end() || told.size() == kMaximumTold) continue;
    const auto route = llm::parse_route(entry, settings::named("FABULA_MODELS").name);
    if (!route || route->empty()) continue;
    if (llm::resolve(route->front(), HostSettings(call), call.settings().is_development)) {
      told.push_back(entry);
    }
  }
  std::string text;
  for (const auto entry : told) text.append(text.empty() ? "" : ", ").append(entry);
  return text;
}

tl::unexpected<Problem> refused_model(Call& call, std::string_view models, std::string message,
                                      std::string_view cause = {}) {
  auto refusal = problem(ErrorCode::invalid_request, "The model cannot be asked. See `errors`.",
                         std::string(cause));
  message += " Leave it out";
  if (const auto told = told_models(call, models); !told.empty()) {
    message += ", or name one that can be asked here: " + told;
  }
  refusal.value().errors.push_back({"model", message + "."});
  return refusal;
}

}  // namespace

Result<Endpoints> choose_model(Call& call, std::string_view name) {
  const auto models = allowed_models(call.setting_values());
  const auto entry = llm::find_listed(models, name);
  if (!entry) {
    return refused_model(call, models, "This server allows no such model.");
  }
  auto endpoint = llm::resolve(*entry, HostSettings(call), call.settings().is_development);
  if (!endpoint) {
    return refused_model(call, models, "This server is not set up for this model.",
                         endpoint.error().detail);
  }
  endpoint->route = settings::named("FABULA_MODELS").name;
  Endpoints endpoints;
  endpoints.push_back(std::move(*endpoint));
  return endpoints;
}

Result<void> check_maximum_tokens(Call& call, std::optional<std::int64_t> tokens) {
  const auto maximum = call.setting_values().number(settings::named("FABULA_MAX_OUTPUT_TOKENS"));
  if (tokens.value_or(1) <= maximum) return {};
  auto refusal =
      problem(ErrorCode::invalid_request, "The model cannot be asked for so much. See `errors`.");
  refusal.value().errors.push_back(
      {"max_tokens", "Send a whole number from 1 to " + text::integer_text(maximum) + "."});
  return refusal;
}

}  // namespace fabula::engine

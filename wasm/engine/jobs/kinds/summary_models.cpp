#include "wasm/engine/jobs/kinds/summary_models.hpp"

#include "shared/settings/table.hpp"

namespace fabula::engine {

Result<Endpoints> summary_models(Call& call) {
  constexpr const settings::Setting& kOwn = settings::named("MODEL_SUMMARY");
  const bool has_own = call.setting_values().find(kOwn).has_value();
  return resolve_route(call, has_own ? kOwn : settings::named("MODEL_CHAT"));
}

}  // namespace fabula::engine

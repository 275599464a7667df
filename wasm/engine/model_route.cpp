#include "wasm/engine/model_route.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "shared/http/head.hpp"
#include "shared/llm/request/prefill.hpp"
#include "wasm/engine/host_settings.hpp"
#include "wasm/engine/tool_rounds.hpp"

namespace fabula::engine {

namespace {

template <class Resolve>
Result<Endpoints> resolve_entries(Call& call, const settings::Setting& setting,
                                  const Resolve& resolve_entry) {
  auto route = llm::parse_route(call.setting_values().text(setting), setting.name);
  if (!route) return tl::unexpected(std::move(route.error()));
  Endpoints endpoints;
  std::optional<Problem> first_problem;
  for (const auto& entry : *route) {
    auto endpoint = resolve_entry(entry);
    if (endpoint) {
      endpoint->route = setting.name;
      endpoints.push_back(std::move(*endpoint));
    } else if (!first_problem) {
      first_problem = std::move(endpoint.error());
    }
  }
  if (endpoints.empty()) return tl::unexpected(std::move(*first_problem));
  return endpoints;
}

// The models of a default belong to the provider's own service: a server that replaces it is only
// asked for models that the operator has named. Many servers with OpenAI's protocol have their own
// models; servers with another protocol pass requests on to its provider.
bool is_default_elsewhere(Call& call, const settings::Setting& setting) {
  const auto route = llm::parse_route(call.setting_values().text(setting), setting.name);
  return route && std::any_of(route->begin(), route->end(), [&call](const auto& entry) {
           return entry.provider->format == llm::WireFormat::openai &&
                  llm::has_own_address(*entry.provider, HostSettings(call));
         });
}

}  // namespace

Result<Endpoints> resolve_route(Call& call, const settings::Setting& setting) {
  return resolve_entries(call, setting, [&call](const llm::RouteEntry& entry) {
    return llm::resolve(entry, HostSettings(call), call.settings().is_development);
  });
}

Result<Endpoints> resolve_image_route(Call& call, const settings::Setting& setting) {
  return resolve_entries(call, setting, [&call](const llm::RouteEntry& entry) {
    return llm::resolve_image_model(entry, HostSettings(call), call.settings().is_development);
  });
}

Result<Endpoints> resolve_route_or(Call& call, const settings::Setting& setting,
                                   const settings::Setting& other) {
  const bool is_chosen = call.setting_values().find(setting).has_value();
  if (!is_chosen && is_default_elsewhere(call, setting)) return resolve_route(call, other);
  auto endpoints = resolve_route(call, setting);
  if (endpoints || is_chosen) return endpoints;
  return resolve_route(call, other);
}

Result<ModelCall> make_call(const llm::Endpoint& endpoint, llm::ModelRequest request) {
  request.model = endpoint.model;
  const bool is_elsewhere = request.refused.has(llm::RequestPart::first_address);
  const auto& url = is_elsewhere ? endpoint.other_url : endpoint.url;
  auto head = http::serialize(http::RequestHead{"POST", url, endpoint.headers});
  if (!head) return tl::unexpected(std::move(head.error()));
  auto body = llm::build_request(*endpoint.provider, request);
  if (!body) return tl::unexpected(std::move(body.error()));
  return ModelCall{std::move(*head), std::move(*body)};
}

bool ModelRoute::goes_on_verbatim(std::size_t model) const {
  const auto& endpoint = endpoints_[model];
  return is_going_on_ && tools_.empty() &&
         llm::continues_own_words(*endpoint.provider, endpoint.model);
}

Result<ModelCall> ModelRoute::call(std::size_t model) const {
  const bool is_verbatim = goes_on_verbatim(model);
  return make_call(endpoints_[model],
                   {.system_prompt = system_prompt_,
                    .history_json = turn_.history_json(),
                    .user_text = is_verbatim ? std::string_view() : last_text_,
                    .attachments = attachments_,
                    .maximum_output_tokens = static_cast<int>(settings_.maximum_output_tokens),
                    .temperature_hundredths = settings_.temperature_hundredths,
                    .tools = tools_,
                    .rounds = rounds_,
                    .continues_own_words = is_verbatim,
                    .may_call_tools = rounds_.size() < kMaximumToolRounds,
                    .refused = habits_.refused(model)});
}

}  // namespace fabula::engine

#include "wasm/engine/model_route.hpp"

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
      endpoints.push_back(std::move(*endpoint));
    } else if (!first_problem) {
      first_problem = std::move(endpoint.error());
    }
  }
  if (endpoints.empty()) return tl::unexpected(std::move(*first_problem));
  return endpoints;
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
  auto endpoints = resolve_route(call, setting);
  if (endpoints || call.setting_values().find(setting)) return endpoints;
  return resolve_route(call, other);
}

Result<ModelCall> make_call(const llm::Endpoint& endpoint, llm::ModelRequest request) {
  request.model = endpoint.model;
  auto head = http::serialize(http::RequestHead{"POST", endpoint.url, endpoint.headers});
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
                    .maximum_output_tokens = static_cast<int>(maximum_output_tokens_),
                    .tools = tools_,
                    .rounds = rounds_,
                    .continues_own_words = is_verbatim,
                    .may_call_tools = rounds_.size() < kMaximumToolRounds});
}

}  // namespace fabula::engine

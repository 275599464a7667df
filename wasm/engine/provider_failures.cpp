#include "wasm/engine/provider_failures.hpp"

#include <string>
#include <utility>

#include "shared/llm/stream/provider_message.hpp"

namespace fabula::engine {

void note_failure(std::vector<log::ProviderFailure>& failures, const llm::Endpoint& endpoint,
                  const Problem& problem, std::string_view request_body) {
  if (failures.size() >= log::kMaximumProviderFailures) return;
  log::ProviderFailure failure{.route = endpoint.route,
                               .provider = std::string(endpoint.provider->name),
                               .model = endpoint.model,
                               .code = facts(problem.code).name,
                               .cause = problem.cause,
                               .message = {}};
  if (!request_body.empty()) {
    failure.message = llm::message_for_log(problem.provider_message, request_body);
  }
  failures.push_back(std::move(failure));
}

}  // namespace fabula::engine

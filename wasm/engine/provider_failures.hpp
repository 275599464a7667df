// Failures of models for the operator's log.
#pragma once

#include <string_view>
#include <vector>

#include "shared/llm/route/route.hpp"
#include "shared/log/request_log.hpp"
#include "shared/result/result.hpp"

namespace fabula::engine {

// `request_body`: the body that was sent, because the provider's message may quote it; empty: it
// was freed, so the message is left out.
void note_failure(std::vector<log::ProviderFailure>& failures, const llm::Endpoint& endpoint,
                  const Problem& problem, std::string_view request_body);

}  // namespace fabula::engine

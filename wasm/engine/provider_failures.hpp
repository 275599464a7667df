// Failures of models for the operator's log.
#pragma once

#include <string_view>
#include <vector>

#include "shared/llm/route/route.hpp"
#include "shared/log/request_log.hpp"
#include "shared/result/result.hpp"

namespace fabula::engine {

// `request_body`: what was sent, because the provider's words may quote it; empty: it is gone, and
// so these words are left out.
void note_failure(std::vector<log::ProviderFailure>& failures, const llm::Endpoint& endpoint,
                  const Problem& problem, std::string_view request_body);

}  // namespace fabula::engine

// Failures of models, in the form for callers and in the form for the operator's log.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "shared/llm/route/route.hpp"
#include "shared/log/request_log.hpp"
#include "shared/result/result.hpp"

namespace fabula::engine {

// A refusal with its answer's head (shared/http/head.hpp) and the first bytes of its body.
Problem failure_of_answer(std::uint32_t status, std::string_view head, std::string_view body,
                          std::int64_t now_ms);

// `request_body`: the body that was sent, because the provider's message may quote it; empty: it
// was freed, so the message is left out.
void note_failure(std::vector<log::ProviderFailure>& failures, const llm::Endpoint& endpoint,
                  const Problem& problem, std::string_view request_body);

}  // namespace fabula::engine

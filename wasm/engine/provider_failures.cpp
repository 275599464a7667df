#include "wasm/engine/provider_failures.hpp"

#include <string>
#include <utility>

#include "shared/http/head.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/provider_message.hpp"

namespace fabula::engine {
namespace {

// The key that was sent, so that logs can omit it: the operator's own keys may have any form.
std::string_view sent_key(const llm::Endpoint& endpoint) {
  constexpr std::string_view kBearer = "Bearer ";
  for (const std::string_view name : {"authorization", "x-api-key", "x-goog-api-key"}) {
    auto key = endpoint.headers.find(name).value_or("");
    if (key.starts_with(kBearer)) key.remove_prefix(kBearer.size());
    if (!key.empty()) return key;
  }
  return {};
}

}  // namespace

Problem failure_of_answer(std::uint32_t status, std::string_view head, std::string_view body,
                          std::int64_t now_ms) {
  const auto parsed = http::parse_response_head(head);
  const auto header = [&parsed](std::string_view name) {
    return parsed ? parsed->headers.find(name).value_or("") : std::string_view();
  };
  auto retry_after_ms = header("retry-after-ms");
  if (retry_after_ms.empty()) retry_after_ms = header("x-ms-retry-after-ms");  // Azure's
  return llm::classify_http_failure({.status = static_cast<int>(status),
                                     .body_prefix = body,
                                     .retry_after = header("retry-after"),
                                     .retry_after_ms = retry_after_ms,
                                     .now_ms = now_ms});
}

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
    failure.message =
        llm::message_for_log(problem.provider_message, request_body, sent_key(endpoint));
  }
  failures.push_back(std::move(failure));
}

}  // namespace fabula::engine

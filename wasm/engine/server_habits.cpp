#include "wasm/engine/server_habits.hpp"

#include <string>

#include "shared/text/ascii.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

std::string memory_name(const llm::Endpoint& endpoint) {
  return std::string("refused ").append(endpoint.url).append(" ").append(endpoint.model);
}

// The address is wrong for every model, so this says nothing about the model.
bool is_wrong_address(const Problem& failure) {
  const bool has_nothing =
      failure.cause.starts_with("HTTP 404") || failure.cause.starts_with("HTTP 405");
  const auto words = text::to_lower(failure.provider_message);
  return (has_nothing && words.find("model") == std::string::npos) ||
         words.find("unexpected endpoint") != std::string::npos;
}

}  // namespace

ServerHabits::ServerHabits(runtime::Context& context, const std::vector<llm::Endpoint>& endpoints)
    : context_(context), endpoints_(endpoints) {
  refused_.reserve(endpoints.size());
  for (const auto& endpoint : endpoints) {
    refused_.emplace_back(runtime::recall(context, memory_name(endpoint)));
  }
}

bool ServerHabits::learn(std::size_t model, const Problem& failure) {
  constexpr auto kFirst = llm::RequestPart::first_address;
  const auto& endpoint = endpoints_[model];
  auto learnt = llm::with_complaints(refused_[model], failure);
  // With nothing at either address the server may be about to start: the next request tries both
  // again.
  const bool has_nothing = !endpoint.other_url.empty() && is_wrong_address(failure);
  const bool has_nothing_at_both = has_nothing && learnt.has(kFirst);
  if (has_nothing_at_both) {
    learnt.remove(kFirst);
  } else if (has_nothing) {
    learnt.add(kFirst);
  }
  if (learnt == refused_[model]) return false;
  refused_[model] = learnt;
  runtime::remember(context_, memory_name(endpoint), learnt.bits());
  return !has_nothing_at_both;
}

}  // namespace fabula::engine

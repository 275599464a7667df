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
  const auto& endpoint = endpoints_[model];
  auto learnt = llm::with_complaints(refused_[model], failure);
  const bool is_lost = !endpoint.unversioned_url.empty() && is_wrong_address(failure);
  // Neither address has anything now: the next request tries the one that is documented.
  const bool is_at_neither = is_lost && learnt.has(llm::RequestPart::versioned_path);
  if (is_at_neither) {
    learnt.remove(llm::RequestPart::versioned_path);
  } else if (is_lost) {
    learnt.add(llm::RequestPart::versioned_path);
  }
  if (learnt == refused_[model]) return false;
  refused_[model] = learnt;
  runtime::remember(context_, memory_name(endpoint), learnt.bits());
  return !is_at_neither;
}

}  // namespace fabula::engine

// Requests to models, built and compared as documents.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/llm/request/model_request.hpp"

namespace fabula::tests {

inline const llm::Provider& provider(std::string_view name) {
  const auto* found = llm::find_provider(name);
  REQUIRE(found);
  return *found;
}

inline json::Document parsed(std::string_view text) {
  const auto document = json::parse(text);
  CHECK_MESSAGE(document, text);
  return document.value_or(json::Document());
}

inline json::Document body(std::string_view provider_name, const llm::ModelRequest& request) {
  const auto built = llm::build_request(provider(provider_name), request);
  CHECK(built);
  return built ? parsed(*built) : json::Document();
}

inline json::Document member(const json::Document& object, std::string_view key) {
  const auto* found = json::find(object, key);
  return found ? *found : json::Document();
}

inline constexpr std::string_view kSchema =
    R"({"type":"object","properties":{"title":{"type":"string"}},"required":["title"],)"
    R"("additionalProperties":false})";

}  // namespace fabula::tests

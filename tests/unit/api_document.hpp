// The OpenAPI document of all functions, and lookups in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/openapi.hpp"
#include "shared/json/document.hpp"

namespace fabula::tests {

inline constexpr std::string_view kApiServer = "https://a.example/functions/v1";

inline const json::Document& api_document() {
  static const json::Document kDocument =
      *json::parse(api::openapi_document(api::kGroups, kApiServer));
  return kDocument;
}

// The value at a path of keys; null if there is none.
inline json::Document at(const json::Document& from, const std::vector<std::string>& keys) {
  const auto* found = &from;
  for (const auto& key : keys) {
    found = json::find(*found, key);
    if (!found) return nullptr;
  }
  return *found;
}

}  // namespace fabula::tests

// The declarations as an OpenAPI 3.1 document.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/api/operation.hpp"

namespace fabula::api {

// The version of the interface, as in package.json.
inline constexpr std::string_view kVersion = "0.1.0";

// Rules for all endpoints, in CommonMark.
inline constexpr std::string_view kAbout =
    "A storytelling backend: JSON in and out in UTF-8, times in ISO 8601 and UTC, ids that are "
    "UUIDs. Unknown fields of a body are ignored, and null is the same as absent unless it is said "
    "otherwise. Refusals are application/problem+json. A path that exists answers 405 with Allow "
    "to "
    "any other method, and preflight with CORS headers.";

struct OperationGroup {
  std::string_view tag;  // the function: "sessions"
  std::string_view description;
  std::span<const Operation> operations;
};

// One JSON text. Paths are relative to `server_url`, such as https://x.supabase.co/functions/v1.
std::string openapi_document(std::span<const OperationGroup> groups, std::string_view server_url);

}  // namespace fabula::api

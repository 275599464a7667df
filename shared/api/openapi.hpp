// The declarations as an OpenAPI 3.1 document.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/api/operation.hpp"

namespace fabula::api {

// Of the interface, as package.json has it.
inline constexpr std::string_view kVersion = "0.1.0";

struct OperationGroup {
  std::string_view tag;  // the function: "sessions"
  std::string_view description;
  std::span<const Operation> operations;
};

// One JSON text. `server_url` is what paths are below, such as https://x.supabase.co/functions/v1.
std::string openapi_document(std::span<const OperationGroup> groups, std::string_view server_url);

}  // namespace fabula::api

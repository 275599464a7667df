// The declarations as a page for people.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "shared/api/openapi.hpp"

namespace fabula::api {

// What the page may load and run: nothing but its own style.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// One HTML document without scripts. `server_url` is what paths are below, `document_url` where the
// OpenAPI document is, relative to the page.
std::string reference_page(std::span<const OperationGroup> groups, std::string_view server_url,
                           std::string_view document_url);

}  // namespace fabula::api

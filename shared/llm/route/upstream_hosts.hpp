// The hosts that a bot's address may name. A function cannot resolve names, so a name might point
// into a private network: a list of hosts is the only reliable check.
#pragma once

#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

// Refuses (invalid_request) an address that neither belongs to a known provider nor is in
// `allowed_hosts`, the value of FABULA_UPSTREAM_HOSTS: `models.example.com,models.example:8443`,
// with a port only if it is not that of https. It must be https and its host must be a name; with
// `is_development` http, and any host in the list, is allowed too.
Result<void> check_upstream(std::string_view address, std::string_view allowed_hosts,
                            bool is_development);

}  // namespace fabula::llm

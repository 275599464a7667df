// The hosts that the address of a bot or an operator's tool may name.
#pragma once

#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

// Refuses (invalid_request) an address that neither belongs to a known provider nor is in
// `allowed_hosts`, the value of FABULA_UPSTREAM_HOSTS (host_list.hpp). It must be https and its
// host must be a name; with `is_development` http, and any host in the list, is allowed too.
Result<void> check_upstream(std::string_view address, std::string_view allowed_hosts,
                            bool is_development);

}  // namespace fabula::llm

// Which hosts a bot's address may name. A function cannot resolve names, so that a name might stand
// for a private network: a list of hosts is the only honest check.
#pragma once

#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::llm {

// Refuses (invalid_request) an address that is none of the known providers' and not in
// `allowed_hosts`, the value of FABULA_UPSTREAM_HOSTS: `models.example.com,models.example:8443`, a
// port only where it is not https's own. It must be https and name its host by name;
// with `is_development` http, and what the list names, is allowed too.
Result<void> check_upstream(std::string_view address, std::string_view allowed_hosts,
                            bool is_development);

}  // namespace fabula::llm

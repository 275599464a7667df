// Access control for data about all callers: only the deployment's operator may read it.
#pragma once

#include "shared/result/result.hpp"
#include "shared/settings/setting.hpp"
#include "wasm/engine/call.hpp"

namespace fabula::engine {

// Accepts a secret key as `apikey` or bearer, or the value of the setting `token`, or the one that
// it had before (`previous_token`), if they are given, as bearer; otherwise missing_credentials or
// invalid_token. Calls of the platform's own scheduler are accepted too.
Result<void> require_operator(Call& call, const settings::Setting* token = nullptr,
                              const settings::Setting* previous_token = nullptr);

// Whether the call carries a secret key: as bearer, or as `apikey` without any other bearer.
bool has_secret_key(Call& call);

}  // namespace fabula::engine

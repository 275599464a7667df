// Who may read what is about all callers: whoever runs the server.
#pragma once

#include "shared/result/result.hpp"
#include "shared/settings/setting.hpp"
#include "wasm/engine/call.hpp"

namespace fabula::engine {

// The secret key as `apikey` or bearer, or as bearer what the setting `token` holds, if one is
// given; missing_credentials or invalid_token else. What the platform's own clock calls is allowed,
// too.
Result<void> require_operator(Call& call, const settings::Setting* token = nullptr);

}  // namespace fabula::engine

// Who may read what is about all callers: whoever runs the server.
#pragma once

#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"

namespace fabula::engine {

// The secret key as `apikey` or bearer, or as bearer what the setting `token_setting` holds, if one
// is named; missing_credentials or invalid_token else. What the platform's own clock calls is
// allowed, too.
Result<void> require_operator(Call& call, std::string_view token_setting = {});

}  // namespace fabula::engine

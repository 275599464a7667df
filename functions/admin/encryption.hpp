// The rotation of the key that secrets are encrypted with.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::admin_function {

// Encrypts bots' keys anew, in batches, with FABULA_ENCRYPTION_KEY.
runtime::Task<Result<void>> rotate_encryption(engine::Call& call, const engine::Match& match);

}  // namespace fabula::admin_function

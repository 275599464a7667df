// Digests by the host's WebCrypto.
#pragma once

#include <string>
#include <string_view>

#include "shared/result/result.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// SHA-256 in hexadecimal; internal_error when the host cannot.
runtime::Task<Result<std::string>> sha256_hex(runtime::Context& context, std::string_view bytes);

// HMAC with SHA-256 in hexadecimal; internal_error when the host cannot.
runtime::Task<Result<std::string>> hmac_sha256_hex(runtime::Context& context, std::string_view key,
                                                   std::string_view bytes);

}  // namespace fabula::engine

#include "wasm/engine/digest.hpp"

#include <array>

#include "shared/text/hex.hpp"
#include "wasm/runtime/crypto.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;
using Digest = std::array<unsigned char, 32>;

Result<std::string> hex_of(const runtime::Outcome& outcome, const Digest& digest) {
  if (!outcome.is_ok()) {
    return problem(ErrorCode::internal_error, "The request could not be checked. Try again.",
                   "the host cannot compute SHA-256");
  }
  return text::encode_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace

Task<Result<std::string>> sha256_hex(runtime::Context& context, std::string_view bytes) {
  Digest digest{};
  const auto outcome = co_await runtime::Sha256(context, bytes, digest);
  co_return hex_of(outcome, digest);
}

Task<Result<std::string>> hmac_sha256_hex(runtime::Context& context, std::string_view key,
                                          std::string_view bytes) {
  Digest digest{};
  const auto outcome = co_await runtime::HmacSha256(context, key, bytes, digest);
  co_return hex_of(outcome, digest);
}

}  // namespace fabula::engine

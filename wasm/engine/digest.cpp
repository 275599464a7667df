#include "wasm/engine/digest.hpp"

#include <array>

#include "shared/text/hex.hpp"
#include "wasm/runtime/crypto.hpp"

namespace fabula::engine {

runtime::Task<Result<std::string>> sha256_hex(runtime::Context& context, std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  if (!(co_await runtime::Sha256(context, bytes, digest)).is_ok()) {
    co_return problem(ErrorCode::internal_error, "The request could not be checked. Try again.",
                      "the host cannot compute SHA-256");
  }
  co_return text::encode_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace fabula::engine

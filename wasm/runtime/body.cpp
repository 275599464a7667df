#include "wasm/runtime/body.hpp"

#include <algorithm>

namespace fabula::runtime {

Task<tl::expected<std::string, BodyFault>> read_whole(Context& context, std::uint32_t stream,
                                                      std::size_t limit_bytes) {
  constexpr std::size_t kFirstPieceBytes = 4096;
  std::string text;
  std::size_t used = 0;
  for (;;) {
    // One byte more than the limit is asked for, so that the limit itself is allowed.
    if (used == text.size()) {
      text.resize(std::min(std::max(kFirstPieceBytes, text.size() * 2), limit_bytes + 1));
    }
    const Outcome outcome =
        co_await BodyRead(context, stream, std::span(text).subspan(used, text.size() - used));
    if (!outcome.is_ok()) co_return tl::unexpected(BodyFault::broken);
    if (outcome.value == 0) break;
    used += outcome.value;
    if (used > limit_bytes) co_return tl::unexpected(BodyFault::too_large);
  }
  text.resize(used);
  co_return text;
}

Task<void> discard(Context& context, std::uint32_t stream, std::size_t limit_bytes) {
  std::string buffer(16 * 1024, '\0');
  for (std::size_t dropped = 0; dropped < limit_bytes;) {
    const Outcome outcome = co_await BodyRead(context, stream, buffer);
    if (!outcome.is_ok() || outcome.value == 0) co_return;
    dropped += outcome.value;
  }
}

}  // namespace fabula::runtime

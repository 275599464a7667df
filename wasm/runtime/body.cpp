#include "wasm/runtime/body.hpp"

#include <utility>
#include <vector>

namespace fabula::runtime {

// Uses blocks that are joined at the end: a text that doubles as it grows would take three times
// its length of memory, which a WebAssembly instance never returns, and blocks take twice.
Task<tl::expected<std::string, BodyFault>> read_whole(Context& context, std::uint32_t stream,
                                                      std::size_t limit_bytes, Deadline& deadline,
                                                      std::int64_t silence_ms) {
  constexpr std::size_t kFirstBlockBytes = 4096;
  constexpr std::size_t kBlockBytes = 16'384;
  std::vector<std::string> full_blocks;
  std::size_t full_bytes = 0;
  std::string block(kFirstBlockBytes, '\0');
  std::size_t used = 0;
  for (;;) {
    if (used == block.size()) {
      full_bytes += used;
      full_blocks.push_back(std::move(block));
      block = std::string(kBlockBytes, '\0');
      used = 0;
    }
    BodyRead read(context, stream, std::span(block).subspan(used, block.size() - used));
    if (!co_await deadline.wait_for(read, silence_ms)) {
      co_return tl::unexpected(BodyFault::too_slow);
    }
    const auto& outcome = read.outcome();
    if (!outcome.is_ok()) co_return tl::unexpected(BodyFault::broken);
    if (outcome.value == 0) break;
    used += outcome.value;
    if (full_bytes + used > limit_bytes) co_return tl::unexpected(BodyFault::too_large);
  }
  block.resize(used);
  if (full_blocks.empty()) co_return block;
  std::string text;
  text.reserve(full_bytes + used);
  for (const auto& full : full_blocks) text += full;
  text += block;
  co_return text;
}

Task<void> discard(Context& context, std::uint32_t stream, std::size_t limit_bytes,
                   Deadline& deadline) {
  std::string buffer(16 * 1024, '\0');
  for (std::size_t dropped = 0; dropped < limit_bytes;) {
    BodyRead read(context, stream, buffer);
    if (!co_await deadline.wait_for(read)) co_return;
    if (!read.outcome().is_ok() || read.outcome().value == 0) co_return;
    dropped += read.outcome().value;
  }
}

}  // namespace fabula::runtime

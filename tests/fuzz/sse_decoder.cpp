// The SSE decoder on any bytes: however a stream is cut, the events are the same, and each is
// valid. The first byte of the input chooses the cut.
//
//   clang++-19 -std=c++20 -O1 -g -fno-exceptions -fno-rtti -fsanitize=fuzzer,address,undefined \
//     -I. tests/fuzz/sse_decoder.cpp shared/*/*.cpp -o fuzz_sse_decoder
#include "shared/sse/decoder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/text/utf8.hpp"

namespace {

using namespace fabula;

// Small, so that the limit is reached.
constexpr std::size_t kMaximumEventBytes = 64;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string decode(std::string_view bytes, std::size_t piece_bytes) {
  sse::Decoder decoder(kMaximumEventBytes);
  std::string events;
  while (!bytes.empty()) {
    const auto size = std::min(piece_bytes, bytes.size());
    const std::vector<char> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes.remove_prefix(size);
    decoder.feed({piece.data(), piece.size()});
    sse::Event event;
    while (decoder.next(event)) {
      require(!event.type.empty());
      for (const auto field : {event.type, event.data, event.last_event_id}) {
        require(text::is_valid_utf8(field));
        events.append(field).push_back('\0');
      }
    }
  }
  events += decoder.is_too_large() ? "too large" : decoder.ignored_text();
  events += std::to_string(decoder.retry_ms().value_or(0));
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = decode(bytes, bytes.size());
  require(decode(bytes, 1) == whole);
  require(decode(bytes, 1 + data[0] % 32U) == whole);
  return 0;
}

// Says what sse::Decoder reads in streams that come on standard input. A stream is a count of
// pieces and the pieces, a piece is its length and its bytes; numbers are four bytes, the lowest
// first. For each stream one line of JSON: {"events":[[type,data,last_event_id],...],"retry":ms or
// null}.
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "shared/json/text.hpp"
#include "shared/sse/decoder.hpp"

namespace {

using namespace fabula;

std::optional<std::uint32_t> read_number() {
  std::array<unsigned char, 4> bytes;
  if (std::fread(bytes.data(), 1, bytes.size(), stdin) != bytes.size()) return std::nullopt;
  return bytes[0] | static_cast<std::uint32_t>(bytes[1]) << 8U |
         static_cast<std::uint32_t>(bytes[2]) << 16U | static_cast<std::uint32_t>(bytes[3]) << 24U;
}

// A separate vector for each, so that the sanitizer finds views that outlive their piece.
std::optional<std::vector<char>> read_piece() {
  const auto size = read_number();
  if (!size) return std::nullopt;
  std::vector<char> piece(*size);
  if (std::fread(piece.data(), 1, piece.size(), stdin) != piece.size()) return std::nullopt;
  return piece;
}

bool write_stream(std::uint32_t pieces, std::string& line) {
  sse::Decoder decoder;
  json::Writer writer(line);
  writer.begin_object().key("events").begin_array();
  for (; pieces > 0; --pieces) {
    const auto piece = read_piece();
    if (!piece) return false;
    decoder.feed({piece->data(), piece->size()});
    sse::Event event;
    while (decoder.next(event)) {
      writer.begin_array().string(event.type).string(event.data).string(event.last_event_id);
      writer.end_array();
    }
  }
  writer.end_array().key("retry");
  if (const auto retry = decoder.retry_ms()) {
    writer.integer(*retry);
  } else {
    writer.null();
  }
  writer.end_object();
  line += '\n';
  return true;
}

}  // namespace

int main() {
  std::string line;
  while (const auto pieces = read_number()) {
    line.clear();
    if (!write_stream(*pieces, line)) return 1;
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

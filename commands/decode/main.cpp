// fabula-decode: shows the contents of a provider's streamed answer. Exit status 0 when the body
// could be read, however the answer ended; 1 when reading or writing failed, 2 when the arguments
// are wrong.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "commands/decode/arguments.hpp"
#include "commands/decode/event_lines.hpp"
#include "shared/llm/stream/decoder.hpp"

namespace {

using namespace fabula;

// The functions allow less; but an image from a model is one event, and this program should be able
// to show such a body.
constexpr std::size_t kMaximumEventBytes = std::size_t{1} << 28;

// Reads up to `maximum_bytes`, less only at the end of the input.
std::string read_piece(std::size_t maximum_bytes) {
  std::string piece;
  std::array<char, 65536> buffer;
  while (piece.size() < maximum_bytes) {
    const auto wanted = std::min(buffer.size(), maximum_bytes - piece.size());
    const auto bytes = std::fread(buffer.data(), 1, wanted, stdin);
    if (bytes == 0) break;
    piece.append(buffer.data(), bytes);
  }
  return piece;
}

bool print(std::string_view text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return std::fflush(stdout) == 0 && is_written;
}

int fail(std::string_view what) {
  std::fprintf(stderr, "fabula-decode: %.*s\n", static_cast<int>(what.size()), what.data());
  return 1;
}

int decode_input(const decode::Arguments& arguments) {
  const auto stream = llm::make_decoder(arguments.format, kMaximumEventBytes);
  const auto piece_bytes = arguments.chunk_bytes == 0 ? std::string::npos : arguments.chunk_bytes;
  decode::EventLines lines;
  for (auto piece = read_piece(piece_bytes); !piece.empty(); piece = read_piece(piece_bytes)) {
    stream->feed(piece, lines);
    if (!print(lines.take())) return fail("standard output cannot be written.");
  }
  if (std::ferror(stdin)) return fail("standard input cannot be read.");
  lines.write_end(stream->finish());
  return print(lines.take()) ? 0 : fail("standard output cannot be written.");
}

}  // namespace

int main(int argument_count, char** argument_values) {
  const std::vector<std::string_view> words(argument_values + 1, argument_values + argument_count);
  const auto arguments = decode::read_arguments(words);
  if (arguments.wants_help) return print(decode::kUsage) ? 0 : 1;
  if (!arguments.fault.empty()) {
    fail(arguments.fault);
    std::fputs("See fabula-decode --help.\n", stderr);
    return 2;
  }
  return decode_input(arguments);
}

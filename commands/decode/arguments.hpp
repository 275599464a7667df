// The parsed command line.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "shared/llm/stream/wire_format.hpp"

namespace fabula::decode {

inline constexpr std::string_view kUsage =
    "Usage: fabula-decode --format openai|anthropic|gemini [--chunk BYTES]\n"
    "\n"
    "Decodes a model's streamed answer, the raw HTTP body on standard input, and prints what it "
    "says\n"
    "as one JSON object a line: text, reasoning and tool_call as they come, then one end.\n"
    "\n"
    "  --format NAME   the wire format of the body\n"
    "  --chunk BYTES   give the decoder the body in pieces of so many bytes (1 to 1073741824)\n"
    "                  instead of whole\n"
    "  --help          this text\n";

struct Arguments {
  llm::WireFormat format = llm::WireFormat::openai;
  std::size_t chunk_bytes = 0;  // 0: whole
  bool wants_help = false;
  std::string_view fault;  // the fault of the command line, for the user; empty: none
};

// `words`: without the program's name.
Arguments read_arguments(std::span<const std::string_view> words);

}  // namespace fabula::decode

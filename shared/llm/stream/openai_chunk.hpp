// One chunk of an OpenAI-compatible stream, read in two ways: a scanner takes the usual shapes in
// one pass, everything else goes through the full parser. Both give the same answer; a differential
// test holds them to it.
#pragma once

#include <string_view>

#include "shared/llm/stream/stream_chunk.hpp"

namespace fabula::llm {

// False when the chunk is anything but usual, and that is also one with tool calls; `chunk` is then
// unspecified. `chunk` must be clear, and its only_contents is a view into `json`.
bool read_usual_openai_chunk(std::string_view json, StreamChunk& chunk);

// Reads any chunk; one that is no JSON object sets `problem`. `chunk` must be clear.
void read_any_openai_chunk(std::string_view json, StreamChunk& chunk);

// Reads a whole answer, whose choices have a `message` where chunks have a `delta`; sets is_last
// when it is one. `chunk` must be clear.
void read_openai_answer(std::string_view json, StreamChunk& chunk);

}  // namespace fabula::llm

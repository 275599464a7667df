// One chunk of an OpenAI-compatible stream, read in two ways: a scanner takes the usual shapes in
// one pass, everything else goes through the full parser. Both give the same answer; a differential
// test holds them to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/llm/stream.hpp"

namespace fabula::llm {

// What one chunk says. Kept and reused by the stream, so that its buffers are allocated once.
struct OpenAiChunk {
  std::string text;       // of choice 0: `content`, then `refusal`
  std::string reasoning;  // of choice 0
  // Halves of surrogate pairs in either are then written as WTF-8 (see json::append_unescaped).
  bool has_lone_surrogates = false;
  FinishReason finish_reason = FinishReason::none;
  std::optional<Usage> usage;
  std::optional<Problem> problem;
  // When the chunk says nothing but `text`, or nothing but `reasoning`, and that is one string in
  // it: the string's contents as they stand there. Else empty. Only the scanner tells.
  std::string_view only_contents;

  void clear();
};

// False when the chunk is anything but usual; `chunk` is then unspecified. `chunk` must be clear,
// and its only_contents is a view into `json`.
bool read_usual_chunk(std::string_view json, OpenAiChunk& chunk);

// Reads any chunk; one that is no JSON object sets `problem`. `chunk` must be clear. Lone
// surrogates become U+FFFD.
void read_any_chunk(std::string_view json, OpenAiChunk& chunk);

}  // namespace fabula::llm

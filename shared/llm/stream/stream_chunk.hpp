// What one chunk of a model's stream says, whichever wire format it was written in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/tool_call_joiner.hpp"

namespace fabula::llm {

// Kept and reused by the stream, so that its buffers are allocated once.
struct StreamChunk {
  std::string text;
  std::string reasoning;
  std::vector<ToolCallPiece> tool_calls;
  // Halves of surrogate pairs in any of them are then written as WTF-8 (see
  // json::append_unescaped).
  bool has_lone_surrogates = false;
  FinishReason finish_reason = FinishReason::none;
  std::optional<Usage> usage;
  std::optional<Problem> problem;
  // Nothing that follows this chunk matters.
  bool is_last = false;
  // When the chunk says nothing but `text`, or nothing but `reasoning`, that is one string in it,
  // and it would say so wherever in the stream it stood: the string's contents as they stand there.
  // Else empty.
  std::string_view only_contents;
  // Behind it, the contents of a string that means nothing; no view when there is none.
  std::string_view ignored_contents;

  void clear();
};

}  // namespace fabula::llm

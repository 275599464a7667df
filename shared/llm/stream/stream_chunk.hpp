// The contents of one chunk of a model's stream, in any wire format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/stream.hpp"
#include "shared/llm/stream/tool_call_joiner.hpp"

namespace fabula::llm {

// The stream keeps and reuses it, so that its buffers are allocated once.
struct StreamChunk {
  std::string text;
  std::string reasoning;
  std::vector<ToolCallPiece> tool_calls;
  // Lone surrogates in these texts are then written as WTF-8 (see json::append_unescaped).
  bool has_lone_surrogates = false;
  FinishReason finish_reason = FinishReason::none;
  std::optional<Usage> usage;
  std::optional<Problem> problem;
  // Everything after this chunk is irrelevant.
  bool is_last = false;
  // Set when the chunk has only `text` or only `reasoning`, this is one string in it, and it would
  // mean the same anywhere in the stream: the string's raw contents. Else empty.
  std::string_view only_contents;
  // The contents of a later string without meaning; no view when there is none.
  std::string_view ignored_contents;

  void clear();
};

}  // namespace fabula::llm

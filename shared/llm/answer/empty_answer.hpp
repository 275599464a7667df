// Answers that end as they should and hold nothing: no text, and no call of a tool. The provider
// tells of success, but the reader has got no reply.
#pragma once

#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// Why the answer is empty, as far as its end tells. provider_refused_request: the provider or the
// model would not answer. provider_incomplete: all else, so that the next try may succeed.
// `has_reasoned`: reasoning has come, which providers do not always count.
Problem empty_answer(const StreamSummary& summary, bool has_reasoned);

}  // namespace fabula::llm

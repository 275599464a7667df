// Answers that end normally and are empty: no text and no tool call. The provider reports success,
// but the reader has no reply.
#pragma once

#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// Why the answer is empty, as far as its end shows. provider_refused_request: the provider or the
// model refused to answer. provider_incomplete: any other reason, so that the next try may succeed.
// `has_reasoned`: reasoning has arrived, which providers do not always count.
Problem empty_answer(const StreamSummary& summary, bool has_reasoned);

}  // namespace fabula::llm

// The tool calls in a Gemini answer. A `functionCall` is a whole call, or its beginning, or the
// next piece of the previous call: {name, willContinue}, then {partialArgs, willContinue} any
// number of times, then {} or a piece without willContinue.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "shared/llm/stream/partial_arguments.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

class GeminiCalls {
 public:
  // `json`: the value of a functionCall, valid except for lone surrogates, which become U+FFFD;
  // `signature`: the thoughtSignature beside it. A whole call's arguments are passed on as they
  // are, those of a call in pieces at its end, and `{}` for a call without arguments. Returns the
  // fault of the pieces, if any.
  std::optional<Problem> read(std::string_view json, std::string_view signature, StreamSink& sink);

  // Ends a call that lacks its end, because another one begins or the answer is over.
  void close(StreamSink& sink);

 private:
  PartialArguments arguments_;  // of the open call
  std::size_t count_ = 0;       // ended calls
  bool is_open_ = false;
};

}  // namespace fabula::llm

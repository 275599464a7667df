// The calls in a Gemini answer. A `functionCall` is a whole call, or its beginning, or the next
// piece of the call before: {name, willContinue}, then {partialArgs, willContinue} any number of
// times, then {} or a piece that does not say that it continues.
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
  // `json`: the value of a functionCall, valid but for lone surrogates, which become U+FFFD;
  // `signature`: that of the thoughtSignature beside it. A
  // whole call's arguments are told as they stand there, those of a call in pieces at its end, and
  // `{}` for a call without. Gives what is wrong with the pieces.
  std::optional<Problem> read(std::string_view json, std::string_view signature, StreamSink& sink);

  // Ends a call that misses its end: another one begins, or the answer is over.
  void close(StreamSink& sink);

 private:
  PartialArguments arguments_;  // of the call that is open
  std::size_t count_ = 0;       // of calls that are over
  bool is_open_ = false;
};

}  // namespace fabula::llm

// From what a model wrote to the document that it was asked for.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct StructuredOutput {
  json::Document document;
  // The reply ended inside of it: the last item, which was not whole, has been left out, and what
  // would have come after it is missing, whatever the schema requires.
  bool is_truncated = false;
};

// The first JSON value in the reply that follows the schema (as ModelRequest::response_schema has
// it; an object, or an array when its type is "array"). What stands around it, and what a model
// thought before `</think>`, is ignored. Halves of surrogate pairs become U+FFFD.
//
// The problem is provider_malformed; its `errors` say what was wrong with the first value that was
// found, or that there was none, in words for correction_request.
Result<StructuredOutput> read_structured_output(std::string_view reply, std::string_view schema);

// What to say to the model after such a reply, for one more try.
std::string correction_request(const Problem& problem);

}  // namespace fabula::llm

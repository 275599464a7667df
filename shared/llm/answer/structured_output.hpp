// Reads the requested JSON document from a model's text.
#pragma once

#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

struct StructuredOutput {
  json::Document document;
  // The reply ended inside the document: the incomplete last item has been left out, and everything
  // after it is missing, whatever the schema requires.
  bool is_truncated = false;
};

// The first JSON value in the reply that follows the schema (that of ModelRequest::response_schema;
// an object, or an array when its type is "array"). Text around it, and reasoning before
// `</think>`, is ignored. Lone surrogates become U+FFFD.
//
// The problem is provider_malformed; its `errors` name the faults of the first value that was
// found, or say that there was none, in words for correction_request.
Result<StructuredOutput> read_structured_output(std::string_view reply, std::string_view schema);

// The message to the model after such a reply, for one more try.
std::string correction_request(const Problem& problem);

}  // namespace fabula::llm

#include "shared/llm/stream/unframed_error.hpp"

#include "shared/json/document.hpp"
#include "shared/llm/stream/failure.hpp"

namespace fabula::llm {
namespace {

// The JSON object between the first and the last brace of `text`, if it is one.
Result<json::Document> object_within(std::string_view text) {
  const auto begin = text.find('{');
  const auto end = text.rfind('}');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
    return json::Document();
  }
  return json::parse(text.substr(begin, end - begin + 1));
}

}  // namespace

std::optional<Problem> unframed_error(std::string_view ignored_text, bool has_events) {
  if (ignored_text.empty()) return std::nullopt;
  if (const auto document = object_within(ignored_text)) {
    if (const auto* error = reported_error(*document)) return classify_reported_error(*error);
    if (json::find(*document, "message") || json::find(*document, "detail")) {
      return classify_reported_error(*document);
    }
  }
  if (has_events) return std::nullopt;
  // The text itself may be a whole reply, which must not be logged.
  return provider_problem(ErrorCode::provider_malformed, "the body is no event stream");
}

}  // namespace fabula::llm

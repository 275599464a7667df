// Maps the failures of model providers, from their statuses, error objects and messages, to our
// codes. Their messages quote prompts, replies and keys, so clients get sentences of ours; the
// cause has only the status and the identifiers of the error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// An answer whose status is not 2xx.
struct FailedAnswer {
  int status = 0;
  std::string_view body_prefix = {};     // the first bytes of the body; a few KiB are enough
  std::string_view retry_after = {};     // the header: seconds or a date
  std::string_view retry_after_ms = {};  // the header that OpenAI adds: milliseconds
  std::int64_t now_ms = 0;               // since 1970; 0: unknown, so dates cannot be used
};

// The wait comes from wherever the provider has put it: a header, a member of the body, or its
// message ("try again in 7m12.5s"); a day at most.
Problem classify_http_failure(const FailedAnswer& answer);
inline Problem classify_http_failure(int status, std::string_view body_prefix,
                                     std::string_view retry_after = {}) {
  return classify_http_failure(
      {.status = status, .body_prefix = body_prefix, .retry_after = retry_after});
}

// An error inside an answer of status 200: the value of its `error` member, an object with any of
// code, type, status and message, or just a text.
Problem classify_reported_error(const json::Document& error);

// The `error` member of a provider's object when it reports an error, else nullptr: some providers
// send null, false, 0 or "" when there was none.
const json::Document* reported_error(const json::Document& object);

// The error that a chunk, a JSON object, reports; `is_error`: it is one even without `error`.
std::optional<Problem> problem_in_chunk(std::string_view json, bool is_error);

// A problem with one of the provider_* codes and our words for its reader; `cause` must be ours
// too.
Problem provider_problem(ErrorCode code, std::string_view cause);

}  // namespace fabula::llm

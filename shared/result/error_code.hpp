// The stable error codes of Fabula, which callers may switch on. One table gives each its HTTP
// status, title and whether trying again can help; design section 9 is its source.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fabula {

enum class ErrorCode : std::uint8_t {
  // 400: the bytes do not have the required format.
  malformed_json,
  json_too_deep,
  invalid_utf8,
  invalid_id,
  // 401: the caller is not authenticated.
  missing_credentials,
  invalid_token,
  token_expired,
  // 403: the caller is authenticated, but not allowed.
  forbidden,
  // 403: the operator lets the caller do nothing.
  account_suspended,
  // 404: unknown, or another user's; callers cannot distinguish the two.
  not_found,
  method_not_allowed,
  not_acceptable,
  // 408: the request's body arrives too slowly.
  request_timeout,
  // 409
  turn_in_progress,
  stream_exists,
  import_in_progress,
  story_in_progress,
  // 412: the thing to change has changed since the caller read it.
  precondition_failed,
  // 413
  body_too_large,
  // 415
  unsupported_media_type,
  // 422: readable, but a field is missing, of the wrong type or out of range.
  invalid_request,
  // 422: an Idempotency-Key that has been used for another request.
  idempotency_key_reused,
  // 426: the route needs a WebSocket.
  upgrade_required,
  // 429
  rate_limited,
  // 429: exceeds the remainder of the caller's plan in this month.
  plan_exceeded,
  // 500: a fault of ours.
  internal_error,
  // 502 and the error events of a stream: failures of the model's provider.
  provider_error,
  provider_unauthorized,
  provider_rate_limited,
  provider_refused_request,
  provider_malformed,
  provider_incomplete,
  // 503
  no_provider,
  // The deployment has no key to encrypt secrets with, or not the one that a secret needs.
  no_encryption_key,
  // The deployment's limit: it has no capacity left now, for guests first.
  capacity_exceeded,
  database_unavailable,
  // 504
  provider_timeout,
  // Only in streams: the isolate is about to end, or a reply's time limit has passed.
  interrupted,
  time_limit,
};

struct ErrorCodeFacts {
  ErrorCode code;
  std::string_view name;   // the `code` that callers see
  std::string_view title;  // RFC 9457 `title`
  int status;              // HTTP status if the response has not begun
  bool retryable;          // the same request may succeed later
};

// Never fails: every ErrorCode has a row.
const ErrorCodeFacts& facts(ErrorCode code);

// The code with this name, which the database's functions raise in `detail`; nothing if unknown.
std::optional<ErrorCode> error_code_named(std::string_view name);

}  // namespace fabula

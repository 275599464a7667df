// One endpoint as its callers see it. The function that serves it checks requests by this
// declaration, and the docs function describes it as OpenAPI.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "shared/api/schema.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::api {

enum class Access : std::uint8_t {
  anyone,               // no identity is needed or checked
  caller,               // a user or a guest; an anonymous call is 401
  caller_or_new_guest,  // an anonymous caller becomes a new guest
  operator_only,        // the server's operator: the secret key, or a token for metrics
};

enum class AnswerKind : std::uint8_t {
  object,        // one JSON object of `schema`
  list,          // a bare array of `schema`; with a query it is a page, with headers for its place
  event_stream,  // text/event-stream; with a `schema` also one JSON object, if Accept wants that
  html,
  text,  // text/plain
  // The answer of a task that may take long: one JSON object of `schema`, or 202 with `pending`
  // when the task is not done in time; a text/event-stream of its progress, if Accept prefers that.
  work,
  file,      // a file of one of `media_types`
  redirect,  // Location has the URL; no body
  socket,    // a WebSocket; no body
};

struct Answer {
  AnswerKind kind = AnswerKind::object;
  int status = 200;
  const Schema* schema = nullptr;  // nullptr: any JSON object
  std::string_view description = {};
  const Schema* pending = nullptr;
  std::span<const std::string_view> media_types = {};
  bool has_etag = false;    // and a GET with a matching If-None-Match gets 304
  bool may_create = false;  // 201 instead of `status` when the thing was not there before
  // One event, when the answer is an event stream or a task's stream.
  const Schema* event = nullptr;
  // The pattern of the header Location, for answers with 201 or 202. Its placeholders are members
  // of the answer or of the request's path.
  std::string_view location = {};
};

// The most bytes that JSON needs for one byte of text: many encoders write Cyrillic, Chinese and
// emoji as \u escapes, which take six bytes for two or three of UTF-8. Limits of bodies allow for
// this, so that the limits of decoded texts decide.
inline constexpr std::uint32_t kMostEscapedBytes = 3;

// The largest body of requests that carry no long text.
inline constexpr std::uint32_t kSmallBodyBytes = 16 * 1024;

struct Operation {
  std::string_view id;       // OpenAPI's operationId, in snake case
  std::string_view method;   // in upper case
  std::string_view pattern;  // as in shared/http/router.hpp; for its ids see path_parameter.hpp
  std::string_view summary;
  Access access = Access::caller;
  const Schema* query = nullptr;
  const Schema* body = nullptr;
  bool is_body_optional = false;  // an absent body is an empty object
  std::uint32_t maximum_body_bytes = kSmallBodyBytes;
  bool takes_if_match = false;         // 412 when the header names another version
  bool takes_idempotency_key = false;  // the header Idempotency-Key
  // Makes a guest at each call: an Idempotency-Key must be a random UUID
  // (shared/auth/guest_key.hpp).
  bool makes_guest = false;
  bool takes_last_event_id = false;  // the header Last-Event-ID: the client's position in a stream
  Answer answer;
  bool spends = false;       // models' tokens, or room: its caller must be admitted (429, 503)
  bool stores_text = false;  // which the caller's plan limits (429)
  // Refusals besides those that follow from the members above (401, 404 for an id, 422, ...).
  std::span<const ErrorCode> refusals = {};
  bool takes_user_id_header = false;  // x-user-id, which is refused unless it is the caller's own
  // A server with the secret key may call for a user, named in the body, the query or x-user-id.
  bool acts_for_users = false;
  std::string_view description = {};   // adds details to the summary; may be empty
  std::string_view body_example = {};  // JSON text
};

}  // namespace fabula::api

// One endpoint as its callers see it. The function that serves it checks requests by this, and the
// docs function tells it as OpenAPI.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "shared/api/schema.hpp"
#include "shared/result/error_code.hpp"

namespace fabula::api {

enum class Access : std::uint8_t {
  anyone,               // nobody is asked who they are
  caller,               // a user or a guest; nobody is 401
  caller_or_new_guest,  // nobody becomes a new guest
  operator_only,        // whoever runs the server: the secret key, or a token for metrics
};

enum class AnswerKind : std::uint8_t {
  object,        // of `schema`
  list,          // a bare array of `schema`; with a query it is a page, whose place headers tell
  event_stream,  // text/event-stream; with a `schema` also one JSON object, if Accept wants that
  html,
  text,  // text/plain
  // Work that may take long: one JSON object of `schema`, or 202 with `pending` when it is not done
  // in time; text/event-stream of its progress, if Accept prefers that.
  work,
  file,      // of one of `media_types`
  redirect,  // Location names where it is; no body
  socket,    // a WebSocket; no body
};

struct Answer {
  AnswerKind kind = AnswerKind::object;
  int status = 200;
  const Schema* schema = nullptr;  // nullptr: any JSON object
  std::string_view description = {};
  const Schema* pending = nullptr;
  std::span<const std::string_view> media_types = {};
  bool has_etag = false;    // and a GET's If-None-Match is answered with 304
  bool may_create = false;  // 201 instead of `status` when the thing was not there before
  // Of an event stream or work: an event of it.
  const Schema* event = nullptr;
  // Of an answer that may be 201 or 202: where that is found of which it tells. A pattern whose
  // placeholders are members of the answer, or of the request's path.
  std::string_view location = {};
};

// The most bytes that JSON has for a byte of text: many encoders write Cyrillic, Chinese and emoji
// as
// \u escapes, of six bytes for two or three of UTF-8. Limits of bodies allow for it, so that what
// counts are the limits of texts, which are of the decoded text.
inline constexpr std::uint32_t kMostEscapedBytes = 3;

// The largest body of requests that carry no long text.
inline constexpr std::uint32_t kSmallBodyBytes = 16 * 1024;

struct Operation {
  std::string_view id;       // OpenAPI's operationId, in snake case
  std::string_view method;   // in upper case
  std::string_view pattern;  // as in shared/http/router.hpp; its ids: path_parameter.hpp
  std::string_view summary;
  Access access = Access::caller;
  const Schema* query = nullptr;
  const Schema* body = nullptr;
  bool is_body_optional = false;  // an absent body is an empty object
  std::uint32_t maximum_body_bytes = kSmallBodyBytes;
  bool takes_if_match = false;         // 412 when it names another version
  bool takes_idempotency_key = false;  // the header Idempotency-Key
  bool takes_last_event_id = false;    // the header Last-Event-ID: how much of a stream is known
  Answer answer;
  // Refusals besides those that follow from the members above (401, 404 of an id, 422, ...).
  std::span<const ErrorCode> refusals = {};
  bool takes_user_id_header = false;  // x-user-id, which is refused unless it is the caller's own
  // A server with the secret key calls for the user whom the body, the query or x-user-id names.
  bool acts_for_users = false;
  std::string_view description = {};   // what the summary leaves open; empty: nothing
  std::string_view body_example = {};  // JSON text
};

}  // namespace fabula::api

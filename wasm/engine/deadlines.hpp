// How long the functions wait for others, in one place; HACKING.md has the table. Two kinds are
// elsewhere: the deadlines of models are settings (FABULA_FIRST_TOKEN_TIMEOUT_MS and those next to
// it), and those of sockets are in wasm/engine/socket/limits.hpp.
#pragma once

#include <cstdint>

namespace fabula::engine {

// For one exchange with another server, whose answer is read whole. Platforms do not report when a
// connection is established, so connecting is part of the wait for the answer's head.
struct FetchDeadlines {
  std::int64_t head_ms = 0;  // until the answer's head: connecting, sending the request, its work
  std::int64_t silence_ms = 0;  // between two pieces of the answer's body
  std::int64_t whole_ms = 0;    // until the body's end
};

namespace deadlines {

// For a caller's request body: the slowest allowed rate is a megabyte at 140 kbit/s.
inline constexpr std::int64_t kRequestSilenceMs = 15'000;
inline constexpr std::int64_t kRequestWholeMs = 60'000;
// For the rest of a body that is too long, since some clients read no answer before they have sent
// all of it.
inline constexpr std::int64_t kDiscardMs = 10'000;
// The longest time for which a client that takes none of an answer keeps its instance.
inline constexpr std::int64_t kSendMs = 30'000;

// For each attempt of a database call; the database's own limit for a statement is shorter. The
// silence is as long, so that one timer serves a call.
inline constexpr FetchDeadlines kDatabase{
    .head_ms = 15'000, .silence_ms = 15'000, .whole_ms = 20'000};
// For files of up to 6 MiB, in both directions: a write's head arrives once everything has been
// sent.
inline constexpr FetchDeadlines kStorage{
    .head_ms = 15'000, .silence_ms = 5'000, .whole_ms = 30'000};
// For attachments, before which a turn cannot begin.
inline constexpr FetchDeadlines kAttachment{
    .head_ms = 10'000, .silence_ms = 5'000, .whole_ms = 15'000};
// For the operator's tools: a person is waiting for the reply.
inline constexpr FetchDeadlines kTool{.head_ms = 15'000, .silence_ms = 5'000, .whole_ms = 15'000};
// Pictures take long to draw, but arrive at once; the step's own limit is the whole time.
inline constexpr std::int64_t kPictureSilenceMs = 15'000;
// For an issuer's keys. The host stops waiting for the issuer after 5 seconds and then uses the
// keys that it fetched last (wasm/host/operations/public-keys.ts).
inline constexpr std::int64_t kKeysMs = 6'000;

// For the body of a model's refusal, which has the reason.
inline constexpr std::int64_t kRefusalMs = 2'000;
// For a provider that has sent the finish reason but does not end the stream.
inline constexpr std::int64_t kAfterFinishMs = 3'000;

}  // namespace deadlines

}  // namespace fabula::engine

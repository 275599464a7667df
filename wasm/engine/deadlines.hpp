// How long the functions wait for others, in one place; HACKING.md has the table. Two kinds are
// elsewhere: the deadlines of models are settings (FABULA_FIRST_TOKEN_TIMEOUT_MS and those beside
// it), and those of sockets are in wasm/engine/socket/limits.hpp.
#pragma once

#include <cstdint>

namespace fabula::engine {

// Of one exchange with another server, whose answer is read whole. Platforms do not tell when a
// connection stands, so that connecting is part of the wait for the answer's head.
struct FetchDeadlines {
  std::int64_t head_ms = 0;  // until the answer's head: connecting, sending the request, its work
  std::int64_t silence_ms = 0;  // between two pieces of the answer's body
  std::int64_t whole_ms = 0;    // until the body's end
};

namespace deadlines {

// A caller's request body. At the slowest it is a megabyte over 140 kbit/s.
inline constexpr std::int64_t kRequestSilenceMs = 15'000;
inline constexpr std::int64_t kRequestWholeMs = 60'000;
// The rest of a body that is too long: clients that read no answer before they have sent all.
inline constexpr std::int64_t kDiscardMs = 10'000;
// A client that takes nothing of an answer keeps its instance no longer than this.
inline constexpr std::int64_t kSendMs = 30'000;

// Each attempt of a call of the database, whose own limit of a statement is shorter.
// The silence is as long, so that one timer serves a call.
inline constexpr FetchDeadlines kDatabase{
    .head_ms = 15'000, .silence_ms = 15'000, .whole_ms = 20'000};
// Files of up to 6 MiB, both ways: the head of a write comes when all of it has been sent.
inline constexpr FetchDeadlines kStorage{
    .head_ms = 15'000, .silence_ms = 5'000, .whole_ms = 30'000};
// A turn cannot begin before its attachments are fetched.
inline constexpr FetchDeadlines kAttachment{
    .head_ms = 10'000, .silence_ms = 5'000, .whole_ms = 15'000};
// The operator's tools: a person is waiting for the reply.
inline constexpr FetchDeadlines kTool{.head_ms = 15'000, .silence_ms = 5'000, .whole_ms = 15'000};
// Pictures take long to draw, but come at once; the whole time is the step's.
inline constexpr std::int64_t kPictureSilenceMs = 15'000;
// An issuer's keys. The host gives its issuer up after 5 seconds, and then has the keys that it
// fetched last (wasm/host/operations/public-keys.ts).
inline constexpr std::int64_t kKeysMs = 6'000;

// A model's refusal says why in its body.
inline constexpr std::int64_t kRefusalMs = 2'000;
// A provider that has said how its answer ends, but does not end the stream.
inline constexpr std::int64_t kAfterFinishMs = 3'000;

}  // namespace deadlines

}  // namespace fabula::engine

// The limits of a connection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fabula::engine::socket_limits {

// Bytes queued for a slow client before the model is read more slowly too.
inline constexpr std::size_t kMaximumQueuedBytes = std::size_t{32} * 1024;
// The bytes that a client may be sent before it acknowledges them.
inline constexpr std::uint64_t kMaximumUnacknowledgedBytes = std::uint64_t{64} * 1024;
// A client that takes nothing for this long is disconnected.
inline constexpr std::int64_t kLongestStallMs = 30'000;

// Most messages are shorter; the longest one contains a long pasted text, escaped.
inline constexpr std::size_t kUsualMessageBytes = std::size_t{4} * 1024;
inline constexpr std::size_t kMaximumMessageBytes = std::size_t{256} * 1024;

// Limits all messages of one client: a burst, then a rate per second. A client acknowledges what it
// reads, up to a hundred times a second.
inline constexpr std::int64_t kMaximumBurstMessages = 200;
inline constexpr std::int64_t kMessagesPerSecond = 120;
// Messages that wait for the replies to those before them.
inline constexpr std::size_t kMaximumWaitingMessages = 16;

inline constexpr std::int64_t kHelloTimeoutMs = 10'000;
// A client is pinged after this silence; it is gone when two pings get no answer.
inline constexpr std::int64_t kPingAfterMs = 25'000;
inline constexpr int kMaximumUnansweredPings = 2;

// A connection looks for other connections' actions soon after an event, because another often
// follows, and each time after twice as long while there is none.
inline constexpr std::int64_t kFirstLookMs = 2'000;
inline constexpr std::int64_t kIdleLookMs = 20'000;
// The wait before retrying a turn that was refused because another one, not visible yet, is
// running.
inline constexpr std::int64_t kTurnRetryMs = 700;
// Other requests' replies are read from the database, which gets their text every second.
inline constexpr std::uint32_t kFollowGapMs = 700;

// Spreads the clients' reconnections when a server restarts.
inline constexpr std::int64_t kLongestReconnectDelayMs = 1000;
// How long the last messages may take before the socket is closed.
inline constexpr std::int64_t kLongestFarewellMs = 2000;

// A reply that broke off earlier than this is not continued automatically.
inline constexpr std::int64_t kLongestBreakMs = std::int64_t{60} * 60 * 1000;

}  // namespace fabula::engine::socket_limits

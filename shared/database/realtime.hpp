// The database's functions for realtime sessions, their connections and their events.
#pragma once

#include "shared/database/function.hpp"
#include "shared/realtime/rows.hpp"

namespace fabula::database {

// Retries are safe: a connection is one row, and opening an open session changes nothing.
inline constexpr Function<realtime::OpenSession, realtime::OpenedSession> kOpenRealtimeSession{
    {"open_realtime_session", kOnceMore},
    &realtime::write_open_session,
    &realtime::read_opened_session};

// Not retried: a connection calls this at its own intervals.
inline constexpr Function<realtime::Look, realtime::Seen> kLookAtRealtimeSession{
    {"look_at_realtime_session", kNever}, &realtime::write_look, &realtime::read_seen};

inline constexpr Function<realtime::Leave, NoAnswer> kLeaveRealtimeSession{
    {"leave_realtime_session", kOnceMore}, &realtime::write_leave, &read_nothing};

// Not retried: an event without a `call_id` would be stored twice.
inline constexpr Function<realtime::AddEvent, realtime::AddedEvent> kAddConversationEvent{
    {"add_conversation_event", kNever}, &realtime::write_add_event, &realtime::read_added_event};

// Reads; endpoints pass the answers on.
inline constexpr Declaration kListRealtimeSessions{"list_realtime_sessions", kOnceMore};
inline constexpr Declaration kReadRealtimeSession{"read_realtime_session", kOnceMore};
inline constexpr Declaration kListRealtimeEvents{"list_realtime_events", kOnceMore};

}  // namespace fabula::database

// The database's functions for conversations and their messages, whose answers the endpoints pass
// on.
#pragma once

#include "shared/database/function.hpp"

namespace fabula::database {

inline constexpr Declaration kListSessions{"list_sessions", kOnceMore};
inline constexpr Declaration kDeleteSessions{"delete_sessions", kNever};
inline constexpr Declaration kReadSession{"read_session", kOnceMore};
inline constexpr Declaration kUpdateSession{"update_session", kNever};
inline constexpr Declaration kDeleteSession{"delete_session", kNever};
inline constexpr Declaration kListMessages{"list_messages", kOnceMore};

inline constexpr Declaration kEditReply{"edit_reply", kNever};
inline constexpr Declaration kListTakes{"list_takes", kOnceMore};
inline constexpr Declaration kSelectMessage{"select_message", kNever};
inline constexpr Declaration kReadContext{"read_context", kOnceMore};
inline constexpr Declaration kRequestCancel{"request_cancel", kNever};

}  // namespace fabula::database

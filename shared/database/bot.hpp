// The database's functions for bots, whose answers the endpoints pass on.
#pragma once

#include "shared/database/function.hpp"

namespace fabula::database {

inline constexpr Declaration kListBots{"list_bots", kOnceMore};
inline constexpr Declaration kSaveBot{"save_bot", kNever};
inline constexpr Declaration kReadBot{"read_bot", kOnceMore};
inline constexpr Declaration kUpdateBot{"update_bot", kNever};
inline constexpr Declaration kDeleteBot{"delete_bot", kNever};

}  // namespace fabula::database

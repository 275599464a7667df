// Asks whether the database answers.
#pragma once

#include "shared/database/function.hpp"

namespace fabula::database {

// Not repeated: whoever asks wants to know of a database that does not answer at once.
inline constexpr Declaration kReady{"ready", kNever};

}  // namespace fabula::database

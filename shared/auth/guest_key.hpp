// Idempotency keys of requests without a token: the guest's token is derived from the key, so that
// the same request, sent again, comes from the same guest.
#pragma once

#include <string_view>

namespace fabula::auth {

// Whether nobody can guess the key if it was chosen at random: a UUID of version 4 (122 random
// bits), or at least 31 hexadecimal digits, or at least 22 letters, digits, `-` and `_`.
bool is_hard_to_guess(std::string_view key);

}  // namespace fabula::auth

// Idempotency keys of requests without a token: the guest's token is derived from the key, so that
// the same request, sent again, comes from the same guest.
#pragma once

#include <string_view>

namespace fabula::auth {

// Whether the key is a UUID of version 4, whose 122 random bits nobody can guess (RFC 9562, section
// 5.4).
bool is_random_uuid(std::string_view key);

}  // namespace fabula::auth

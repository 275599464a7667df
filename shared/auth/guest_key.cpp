#include "shared/auth/guest_key.hpp"

#include <cstddef>

#include "shared/text/uuid.hpp"

namespace fabula::auth {

bool is_random_uuid(std::string_view key) {
  // The place of the version in a UUID. Other versions are mostly times and addresses.
  constexpr std::size_t kVersionAt = 14;
  return text::normalize_uuid(key) && key[kVersionAt] == '4';
}

}  // namespace fabula::auth

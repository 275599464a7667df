// The keys that secrets of callers are encrypted with at rest: FABULA_ENCRYPTION_KEY and the one
// before it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/result/result.hpp"

namespace fabula::encryption {

inline constexpr std::size_t kKeyBytes = 32;

// The 32 bytes in a setting's value, which has 64 hexadecimal digits. no_encryption_key for any
// other value; the message names the setting, never its value.
Result<std::string> read_encryption_key(std::string_view setting_name, std::string_view value);

}  // namespace fabula::encryption

// UUIDs as text (RFC 9562): the ids of everything that Fabula stores.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fabula::text {

// The canonical spelling in lower case, as Postgres prints it, from 36 characters in the form
// 8-4-4-4-12 of either case and any version; nothing for any other spelling.
std::optional<std::string> normalize_uuid(std::string_view text);

// A version 4 UUID from 16 random bytes.
std::string make_uuid_v4(const std::array<std::uint8_t, 16>& random_bytes);

}  // namespace fabula::text

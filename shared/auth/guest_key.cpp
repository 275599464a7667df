#include "shared/auth/guest_key.hpp"

#include <algorithm>
#include <cstddef>

#include "shared/text/ascii.hpp"
#include "shared/text/uuid.hpp"

namespace fabula::auth {
namespace {

constexpr std::size_t kHexDigits = 31;
constexpr std::size_t kBase64Digits = 22;
// The place of the version in a UUID.
constexpr std::size_t kVersionAt = 14;

}  // namespace

bool is_hard_to_guess(std::string_view key) {
  // Other versions of UUIDs are mostly times and addresses.
  if (text::normalize_uuid(key)) return key[kVersionAt] == '4';
  const auto are_all = [key](auto is_one) { return std::all_of(key.begin(), key.end(), is_one); };
  if (are_all([](char c) { return text::hex_digit_value(c) >= 0; })) {
    return key.size() >= kHexDigits;
  }
  return key.size() >= kBase64Digits &&
         are_all([](char c) { return text::is_alphanumeric(c) || c == '-' || c == '_'; });
}

}  // namespace fabula::auth

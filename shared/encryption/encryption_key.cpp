#include "shared/encryption/encryption_key.hpp"

#include "shared/text/ascii.hpp"
#include "shared/text/hex.hpp"

namespace fabula::encryption {

Result<std::string> read_encryption_key(std::string_view setting_name, std::string_view value) {
  // Files and commands that write the value may end it with a newline.
  const auto end = value.find_last_not_of("\r\n");
  auto bytes = text::decode_hex(text::trim(value.substr(0, end == value.npos ? 0 : end + 1)));
  if (bytes && bytes->size() == kKeyBytes) return *std::move(bytes);
  return problem(ErrorCode::no_encryption_key,
                 "This server cannot store keys of its callers: its operator must set " +
                     std::string(setting_name) +
                     " to 64 hexadecimal digits, as `openssl rand -hex 32` writes them.");
}

}  // namespace fabula::encryption

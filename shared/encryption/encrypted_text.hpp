// A text that is encrypted at rest, as the database stores it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::encryption {

// How many hexadecimal digits name a key.
inline constexpr std::size_t kKeyIdDigits = 16;

struct EncryptedText {
  std::string key_id;      // the key that opens it
  std::string ciphertext;  // base64url of the nonce (12 bytes), the ciphertext and the tag (16)
};

// As {"key_id", "ciphertext"}.
void write_encrypted_text(json::Writer& writer, const EncryptedText& text);

// Nothing for any other value.
std::optional<EncryptedText> read_encrypted_text(const json::Document& value);

}  // namespace fabula::encryption

#include "shared/encryption/encrypted_text.hpp"

namespace fabula::encryption {

void write_encrypted_text(json::Writer& writer, const EncryptedText& text) {
  writer.begin_object().key("key_id").string(text.key_id);
  writer.key("ciphertext").string(text.ciphertext).end_object();
}

std::optional<EncryptedText> read_encrypted_text(const json::Document& value) {
  const auto key_id = json::string_at(value, "key_id");
  const auto ciphertext = json::string_at(value, "ciphertext");
  if (!key_id || !ciphertext) return std::nullopt;
  return EncryptedText{std::string(*key_id), std::string(*ciphertext)};
}

}  // namespace fabula::encryption

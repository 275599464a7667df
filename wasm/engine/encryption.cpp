#include "wasm/engine/encryption.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "shared/encryption/encryption_key.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/base64url.hpp"
#include "wasm/engine/digest.hpp"
#include "wasm/runtime/crypto.hpp"
#include "wasm/runtime/host.hpp"

namespace fabula::engine {
namespace {

using encryption::EncryptedText;
using runtime::kAesNonceBytes;
using runtime::kAesTagBytes;
using runtime::Task;

static_assert(encryption::kKeyBytes == runtime::kAesKeyBytes);

// Part of the form of what is stored: another text would give all keys other names.
constexpr std::string_view kKeyIdLabel = "fabula encryption key id";

std::span<const char, runtime::kAesKeyBytes> key_of(const std::string& bytes) {
  return std::span<const char, runtime::kAesKeyBytes>(bytes.data(), runtime::kAesKeyBytes);
}

std::span<const char, kAesNonceBytes> nonce_of(std::string_view bytes) {
  return std::span<const char, kAesNonceBytes>(bytes.data(), kAesNonceBytes);
}

tl::unexpected<Problem> unreadable() {
  return problem(ErrorCode::internal_error, "The stored key cannot be read. Save it again.",
                 "an encrypted text is damaged");
}

}  // namespace

Task<Result<Encryption>> Encryption::read(Call& call) {
  Encryption encryption(call);
  co_await encryption.add_key(settings::named("FABULA_ENCRYPTION_KEY"));
  const auto& previous = settings::named("FABULA_PREVIOUS_ENCRYPTION_KEY");
  if (!call.setting_values().text(previous).empty()) co_await encryption.add_key(previous);
  co_return encryption;
}

Task<Result<void>> Encryption::add_key(const settings::Setting& setting) {
  Key key;
  key.bytes =
      co_await encryption::read_encryption_key(setting.name, call_->setting_values().text(setting));
  key.id = co_await hmac_sha256_hex(call_->context(), key.bytes, kKeyIdLabel);
  key.id.resize(encryption::kKeyIdDigits);
  keys_.push_back(std::move(key));
  co_return {};
}

Task<Result<EncryptedText>> Encryption::encrypt(std::string_view owner,
                                                std::string_view text) const {
  const Key& key = keys_.front();
  std::string bytes(kAesNonceBytes + text.size() + kAesTagBytes, '\0');
  runtime::fill_random(call_->context(),
                       {reinterpret_cast<unsigned char*>(bytes.data()), kAesNonceBytes});
  const auto outcome =
      co_await runtime::AesGcmEncrypt(call_->context(), key_of(key.bytes), nonce_of(bytes), owner,
                                      text, std::span<char>(bytes).subspan(kAesNonceBytes));
  if (!outcome.is_ok()) {
    co_return problem(ErrorCode::internal_error, "The key could not be stored. Try again.",
                      "the host cannot compute AES-GCM");
  }
  co_return EncryptedText{key.id, text::encode_base64url(bytes)};
}

Task<Result<std::string>> Encryption::decrypt(std::string_view owner,
                                              const EncryptedText& encrypted) const {
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&encrypted](const Key& each) {
    return each.id == encrypted.key_id;
  });
  if (key == keys_.end()) {
    co_return problem(ErrorCode::no_encryption_key,
                      "This server has no longer the key that the stored one is encrypted with. "
                      "Save it again, or ask whoever runs the server to set "
                      "FABULA_PREVIOUS_ENCRYPTION_KEY to the key before.");
  }
  const auto bytes = text::decode_base64url(encrypted.ciphertext);
  if (!bytes || bytes->size() < kAesNonceBytes + kAesTagBytes) co_return unreadable();
  std::string text(bytes->size() - kAesNonceBytes - kAesTagBytes, '\0');
  const auto outcome =
      co_await runtime::AesGcmDecrypt(call_->context(), key_of(key->bytes), nonce_of(*bytes), owner,
                                      std::string_view(*bytes).substr(kAesNonceBytes), text);
  if (!outcome.is_ok()) co_return unreadable();
  co_return text;
}

}  // namespace fabula::engine

// The host's WebCrypto.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "wasm/runtime/context.hpp"
#include "wasm/runtime/operation.hpp"

namespace fabula::runtime {

// Checks a signature; `key` is a public JWK as JSON, or the raw secret for hs256. The outcome's
// `value` is 1 when it is valid. Status `invalid`: the key cannot be used.
class Verify : public Operation {
 public:
  Verify(Context& context, abi::VerifyAlgorithm algorithm, std::string_view key,
         std::string_view data, std::string_view signature)
      : Operation(context) {
    fabula_import_verify(context.request(), id(), static_cast<std::uint32_t>(algorithm), key.data(),
                         static_cast<std::uint32_t>(key.size()), data.data(),
                         static_cast<std::uint32_t>(data.size()), signature.data(),
                         static_cast<std::uint32_t>(signature.size()));
  }
};

// SHA-256 of `data` into `digest`, which must outlive the operation.
class Sha256 : public Operation {
 public:
  Sha256(Context& context, std::string_view data, std::span<unsigned char, 32> digest)
      : Operation(context) {
    fabula_import_sha256(context.request(), id(), data.data(),
                         static_cast<std::uint32_t>(data.size()), digest.data());
  }
};

// HMAC with SHA-256 of `data` into `digest`, which must outlive the operation.
class HmacSha256 : public Operation {
 public:
  HmacSha256(Context& context, std::string_view key, std::string_view data,
             std::span<unsigned char, 32> digest)
      : Operation(context) {
    fabula_import_hmac_sha256(context.request(), id(), key.data(),
                              static_cast<std::uint32_t>(key.size()), data.data(),
                              static_cast<std::uint32_t>(data.size()), digest.data());
  }
};

inline constexpr std::size_t kAesKeyBytes = 32;
inline constexpr std::size_t kAesNonceBytes = 12;
inline constexpr std::size_t kAesTagBytes = 16;

// AES-256-GCM of `data` into `encrypted`: kAesTagBytes more than the data, the tag last.
// `authenticated` is not encrypted, but needed to decrypt. A key and a nonce must never be used
// together twice. `encrypted` must outlive the operation.
class AesGcmEncrypt : public Operation {
 public:
  AesGcmEncrypt(Context& context, std::span<const char, kAesKeyBytes> key,
                std::span<const char, kAesNonceBytes> nonce, std::string_view authenticated,
                std::string_view data, std::span<char> encrypted)
      : Operation(context) {
    fabula_import_aes_gcm_encrypt(context.request(), id(), key.data(), nonce.data(),
                                  authenticated.data(),
                                  static_cast<std::uint32_t>(authenticated.size()), data.data(),
                                  static_cast<std::uint32_t>(data.size()), encrypted.data());
  }
};

// Undoes AesGcmEncrypt; `decrypted` has room for kAesTagBytes less than `data` and must outlive the
// operation. Status `invalid`: the data was not made with this key, nonce and
// `authenticated`.
class AesGcmDecrypt : public Operation {
 public:
  AesGcmDecrypt(Context& context, std::span<const char, kAesKeyBytes> key,
                std::span<const char, kAesNonceBytes> nonce, std::string_view authenticated,
                std::string_view data, std::span<char> decrypted)
      : Operation(context) {
    fabula_import_aes_gcm_decrypt(context.request(), id(), key.data(), nonce.data(),
                                  authenticated.data(),
                                  static_cast<std::uint32_t>(authenticated.size()), data.data(),
                                  static_cast<std::uint32_t>(data.size()), decrypted.data());
  }
};

// A JSON Web Key Set, from the isolate's cache if it is there. The outcome's `value` is the stream
// of its text, which the caller reads and closes (HttpAnswer).
class PublicKeys : public Operation {
 public:
  PublicKeys(Context& context, std::string_view url, bool refresh) : Operation(context) {
    fabula_import_public_keys(context.request(), id(), url.data(),
                              static_cast<std::uint32_t>(url.size()), refresh ? 1 : 0);
  }
};

}  // namespace fabula::runtime

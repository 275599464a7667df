// Secrets of callers at rest: AES-256-GCM by the host's WebCrypto, with the deployment's keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/encryption/encrypted_text.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// The deployment's keys, newest first: FABULA_ENCRYPTION_KEY encrypts,
// FABULA_PREVIOUS_ENCRYPTION_KEY only decrypts. The call that it was read from must outlive it.
class Encryption {
 public:
  // no_encryption_key if FABULA_ENCRYPTION_KEY is not set, or a key has not the right form.
  static runtime::Task<Result<Encryption>> read(Call& call);

  // The name of the newest key, which tells nothing about it.
  const std::string& newest_key_id() const { return keys_.front().id; }

  // Encrypts a text that belongs to `owner`, such as "bots.access_key 42": only with the same owner
  // it can be decrypted. Each call gives another ciphertext. internal_error when the host cannot.
  runtime::Task<Result<encryption::EncryptedText>> encrypt(std::string_view owner,
                                                           std::string_view text) const;

  // no_encryption_key when its key is not among the deployment's, internal_error when it is damaged
  // or another owner's.
  runtime::Task<Result<std::string>> decrypt(std::string_view owner,
                                             const encryption::EncryptedText& encrypted) const;

 private:
  struct Key {
    std::string id;
    std::string bytes;
  };

  explicit Encryption(Call& call) : call_(&call) {}
  runtime::Task<Result<void>> add_key(const settings::Setting& setting);

  Call* call_;
  std::vector<Key> keys_;
};

}  // namespace fabula::engine

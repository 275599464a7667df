// The guest's imports (wasm/abi/abi.json), answered by the simulated world.
#include "wasm/abi/imports.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "wasm/sim/simulated_request.hpp"
#include "wasm/sim/world.hpp"

using fabula::sim::SimulatedRequest;
using fabula::sim::World;
namespace abi = fabula::abi;

namespace {

SimulatedRequest& at(std::uint32_t request) { return World::current().request(request); }

std::string_view view(const void* data, std::uint32_t bytes) {
  return {static_cast<const char*>(data), bytes};
}

std::string copy(const void* data, std::uint32_t bytes) { return std::string(view(data, bytes)); }

std::uint32_t put(std::string_view text, void* buffer, std::uint32_t capacity) {
  const auto count = std::min<std::size_t>(text.size(), capacity);
  if (count > 0) std::memcpy(buffer, text.data(), count);
  return static_cast<std::uint32_t>(text.size());
}

// This is not SHA-256: any fixed spread of the input over 32 bytes is enough for a simulation.
void stand_in_digest(std::string_view data, unsigned char* digest) {
  std::uint64_t state = 0xcbf29ce484222325u;
  for (int i = 0; i < 32; ++i) {
    for (const char c : data) state = (state ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    digest[i] = static_cast<unsigned char>(state >> 32);
    state += 0x9e3779b97f4a7c15u;
  }
}

constexpr std::uint32_t kAesKeyBytes = 32;
constexpr std::uint32_t kAesNonceBytes = 12;
constexpr std::uint32_t kAesTagBytes = 16;

// This is not AES: it turns data into other data and back, and its tag depends on everything.
std::string stand_in_cipher(const std::string& secret, std::string_view data) {
  std::string changed(data);
  unsigned char mask[32];
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (i % sizeof mask == 0) stand_in_digest(secret + std::to_string(i), mask);
    changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ mask[i % sizeof mask]);
  }
  return changed;
}

std::string stand_in_tag(const std::string& secret, std::string_view context,
                         std::string_view ciphertext) {
  unsigned char digest[32];
  std::string all = secret + std::to_string(context.size());
  all.append(context).append(ciphertext);
  stand_in_digest(all, digest);
  return std::string(reinterpret_cast<const char*>(digest), kAesTagBytes);
}

}  // namespace

extern "C" {

std::uint32_t fabula_import_request_head(std::uint32_t request, void* buffer,
                                         std::uint32_t capacity) {
  return put(at(request).head(), buffer, capacity);
}

void fabula_import_http_start(std::uint32_t request, std::uint32_t operation, const void* head,
                              std::uint32_t head_bytes, const void* body,
                              std::uint32_t body_bytes) {
  at(request).http_start(operation, copy(head, head_bytes), copy(body, body_bytes));
}

std::uint32_t fabula_import_http_head(std::uint32_t request, std::uint32_t stream, void* buffer,
                                      std::uint32_t capacity) {
  return put(at(request).http_head(stream), buffer, capacity);
}

void fabula_import_http_close(std::uint32_t request, std::uint32_t stream) {
  at(request).http_close(stream);
}

void fabula_import_body_read(std::uint32_t request, std::uint32_t operation, std::uint32_t stream,
                             void* buffer, std::uint32_t capacity) {
  at(request).body_read(operation, stream, static_cast<char*>(buffer), capacity);
}

void fabula_import_response_start(std::uint32_t request, const void* head,
                                  std::uint32_t head_bytes) {
  at(request).response_start(copy(head, head_bytes));
}

void fabula_import_response_write(std::uint32_t request, std::uint32_t operation, const void* data,
                                  std::uint32_t data_bytes) {
  at(request).response_write(operation, view(data, data_bytes));
}

void fabula_import_response_end(std::uint32_t request) { at(request).response_end(); }

// The simulator's guests cannot trap: a native trap ends the test itself.
void fabula_import_response_on_trap(std::uint32_t, const void*, std::uint32_t) {}

std::int32_t fabula_import_socket_accept(std::uint32_t request, const void* protocol,
                                         std::uint32_t protocol_bytes) {
  constexpr std::string_view kUpgrade = "\nupgrade: websocket\n";
  if (at(request).head().find(kUpgrade) == std::string::npos) {
    return static_cast<std::int32_t>(abi::Status::invalid);
  }
  at(request).socket.accept(copy(protocol, protocol_bytes));
  return static_cast<std::int32_t>(abi::Status::ok);
}

void fabula_import_socket_receive(std::uint32_t request, std::uint32_t operation, void* buffer,
                                  std::uint32_t capacity) {
  at(request).socket_receive(operation, static_cast<char*>(buffer), capacity);
}

void fabula_import_socket_send(std::uint32_t request, std::uint32_t operation, const void* data,
                               std::uint32_t data_bytes) {
  at(request).socket_send(operation, view(data, data_bytes));
}

void fabula_import_socket_close(std::uint32_t request, std::uint32_t code, const void* reason,
                                std::uint32_t reason_bytes) {
  at(request).socket.close_by_guest(code, view(reason, reason_bytes));
}

void fabula_import_sleep(std::uint32_t request, std::uint32_t operation,
                         std::uint32_t duration_ms) {
  at(request).sleep(operation, duration_ms);
}

void fabula_import_cancel(std::uint32_t request, std::uint32_t operation) {
  at(request).cancel(operation);
}

void fabula_import_public_keys(std::uint32_t request, std::uint32_t operation, const void*,
                               std::uint32_t, std::uint32_t) {
  at(request).public_keys(operation);
}

void fabula_import_verify(std::uint32_t request, std::uint32_t operation, std::uint32_t,
                          const void*, std::uint32_t, const void* data, std::uint32_t data_bytes,
                          const void* signature, std::uint32_t signature_bytes) {
  const auto& verify = World::current().verify;
  const bool is_right = verify && verify(view(data, data_bytes), view(signature, signature_bytes));
  at(request).complete_soon(operation, abi::Status::ok, is_right ? 1 : 0);
}

void fabula_import_sha256(std::uint32_t request, std::uint32_t operation, const void* data,
                          std::uint32_t data_bytes, void* digest) {
  stand_in_digest(view(data, data_bytes), static_cast<unsigned char*>(digest));
  at(request).complete_soon(operation, abi::Status::ok, 32);
}

void fabula_import_hmac_sha256(std::uint32_t request, std::uint32_t operation, const void* key,
                               std::uint32_t key_bytes, const void* data, std::uint32_t data_bytes,
                               void* digest) {
  stand_in_digest(copy(key, key_bytes) + copy(data, data_bytes),
                  static_cast<unsigned char*>(digest));
  at(request).complete_soon(operation, abi::Status::ok, 32);
}

void fabula_import_aes_gcm_encrypt(std::uint32_t request, std::uint32_t operation, const void* key,
                                   const void* nonce, const void* context,
                                   std::uint32_t context_bytes, const void* data,
                                   std::uint32_t data_bytes, void* buffer) {
  const std::string secret = copy(key, kAesKeyBytes) + copy(nonce, kAesNonceBytes);
  std::string encrypted = stand_in_cipher(secret, view(data, data_bytes));
  encrypted += stand_in_tag(secret, view(context, context_bytes), encrypted);
  std::memcpy(buffer, encrypted.data(), encrypted.size());
  at(request).complete_soon(operation, abi::Status::ok,
                            static_cast<std::uint32_t>(encrypted.size()));
}

void fabula_import_aes_gcm_decrypt(std::uint32_t request, std::uint32_t operation, const void* key,
                                   const void* nonce, const void* context,
                                   std::uint32_t context_bytes, const void* data,
                                   std::uint32_t data_bytes, void* buffer) {
  const std::string secret = copy(key, kAesKeyBytes) + copy(nonce, kAesNonceBytes);
  const auto sealed = view(data, data_bytes);
  const auto ciphertext =
      sealed.substr(0, data_bytes < kAesTagBytes ? 0 : data_bytes - kAesTagBytes);
  if (data_bytes < kAesTagBytes ||
      sealed.substr(ciphertext.size()) !=
          stand_in_tag(secret, view(context, context_bytes), ciphertext)) {
    return at(request).complete_soon(operation, abi::Status::invalid, 0);
  }
  const std::string decrypted = stand_in_cipher(secret, ciphertext);
  if (!decrypted.empty()) std::memcpy(buffer, decrypted.data(), decrypted.size());
  at(request).complete_soon(operation, abi::Status::ok,
                            static_cast<std::uint32_t>(decrypted.size()));
}

double fabula_import_clock_ms(std::uint32_t) {
  return static_cast<double>(World::current().clock().now_ms());
}

void fabula_import_random(std::uint32_t, void* buffer, std::uint32_t length) {
  auto* bytes = static_cast<unsigned char*>(buffer);
  for (std::uint32_t i = 0; i < length; ++i) {
    bytes[i] = static_cast<unsigned char>(World::current().random().next());
  }
}

std::int32_t fabula_import_environment(std::uint32_t, const void* name, std::uint32_t name_bytes,
                                       void* buffer, std::uint32_t capacity) {
  const auto& environment = World::current().environment;
  const auto found = environment.find(view(name, name_bytes));
  if (found == environment.end()) return -1;
  return static_cast<std::int32_t>(put(found->second, buffer, capacity));
}

void fabula_import_remember(std::uint32_t, const void* name, std::uint32_t name_bytes,
                            std::uint32_t value) {
  World::current().isolate_memory[copy(name, name_bytes)] = value;
}

std::uint32_t fabula_import_recall(std::uint32_t, const void* name, std::uint32_t name_bytes) {
  const auto& memory = World::current().isolate_memory;
  const auto found = memory.find(view(name, name_bytes));
  return found == memory.end() ? 0 : found->second;
}

std::uint32_t fabula_import_client_address(std::uint32_t, void* buffer, std::uint32_t capacity) {
  return put(World::current().behaviour.client_address, buffer, capacity);
}

std::uint32_t fabula_import_host_traits(std::uint32_t) {
  return World::current().behaviour.host_traits;
}

void fabula_import_log(std::uint32_t, std::uint32_t, const void* line, std::uint32_t line_bytes) {
  World::current().add_log_line(copy(line, line_bytes));
}

void fabula_import_panic(const void* message, std::uint32_t message_bytes) {
  std::fprintf(stderr, "panic: %.*s\n", static_cast<int>(message_bytes),
               static_cast<const char*>(message));
  std::abort();
}

void fabula_import_finish(std::uint32_t request) { at(request).finish(); }

}  // extern "C"

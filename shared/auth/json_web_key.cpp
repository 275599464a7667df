#include "shared/auth/json_web_key.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "shared/text/base64url.hpp"

namespace fabula::auth {
namespace {

constexpr std::size_t kP256CoordinateBytes = 32;
constexpr std::size_t kMinimumModulusBytes = 256;   // 2048 bits (RFC 7518, section 3.3)
constexpr std::size_t kMaximumModulusBytes = 1024;  // limits the cost of one verification
constexpr std::size_t kMaximumExponentBytes = 4;    // WebCrypto engines accept no more

// A missing member restricts nothing.
bool is_text_if_there(const json::Document& key, std::string_view name, std::string_view wanted) {
  return !json::find(key, name) || json::string_at(key, name) == wanted;
}

bool may_verify(const json::Document& key) {
  if (!is_text_if_there(key, "use", "sig")) return false;
  const auto* operations = json::find(key, "key_ops");
  if (!operations) return true;
  return operations->is_array() &&
         std::any_of(operations->begin(), operations->end(), [](const json::Document& operation) {
           const auto* name = operation.get_ptr<const std::string*>();
           return name && *name == "verify";
         });
}

std::optional<std::string> bytes_at(const json::Document& key, std::string_view name) {
  const auto encoded = json::string_at(key, name);
  return encoded ? text::decode_base64url(*encoded) : std::nullopt;
}

// A big-endian number without its leading zeros, which RFC 7518 forbids and some engines refuse.
std::optional<std::string> number_at(const json::Document& key, std::string_view name) {
  auto bytes = bytes_at(key, name);
  if (bytes) bytes->erase(0, std::min(bytes->find_first_not_of('\0'), bytes->size()));
  return bytes;
}

struct Member {
  std::string_view name;
  std::string_view value;  // needs no escaping: a constant, or base64url
};

std::string json_of(std::initializer_list<Member> members) {
  std::string text = "{";
  for (const auto& member : members) {
    if (text.size() > 1) text += ',';
    text.append("\"").append(member.name).append("\":\"").append(member.value).append("\"");
  }
  return text + "}";
}

std::optional<PublicKey> read_p256_key(const json::Document& key) {
  const auto x = bytes_at(key, "x");
  const auto y = bytes_at(key, "y");
  if (json::string_at(key, "crv") != "P-256" || !x || !y) return std::nullopt;
  if (x->size() != kP256CoordinateBytes || y->size() != kP256CoordinateBytes) return std::nullopt;
  auto text = json_of({{"kty", "EC"},
                       {"crv", "P-256"},
                       {"x", text::encode_base64url(*x)},
                       {"y", text::encode_base64url(*y)}});
  return PublicKey{{SignatureAlgorithm::es256, std::move(text)}, 2 * kP256CoordinateBytes};
}

std::optional<PublicKey> read_rsa_key(const json::Document& key) {
  const auto modulus = number_at(key, "n");
  const auto exponent = number_at(key, "e");
  if (!modulus || !exponent) return std::nullopt;
  // 2048 bits need the highest bit of the first of 256 bytes.
  const bool is_strong = modulus->size() > kMinimumModulusBytes ||
                         (modulus->size() == kMinimumModulusBytes &&
                          (static_cast<unsigned char>(modulus->front()) & 0x80U) != 0);
  if (!is_strong || modulus->size() > kMaximumModulusBytes) return std::nullopt;
  if (exponent->empty() || exponent->size() > kMaximumExponentBytes) return std::nullopt;
  // An exponent of 1 would make every message its own signature; an even one is invalid.
  const bool is_one = exponent->size() == 1 && exponent->front() == '\x01';
  if (is_one || (static_cast<unsigned char>(exponent->back()) & 1U) == 0) return std::nullopt;
  auto text = json_of({{"kty", "RSA"},
                       {"n", text::encode_base64url(*modulus)},
                       {"e", text::encode_base64url(*exponent)}});
  return PublicKey{{SignatureAlgorithm::rs256, std::move(text)}, modulus->size()};
}

}  // namespace

std::optional<PublicKey> read_public_key(const json::Document& key) {
  if (!may_verify(key)) return std::nullopt;
  const auto type = json::string_at(key, "kty");
  if (type == "EC" && is_text_if_there(key, "alg", "ES256")) return read_p256_key(key);
  if (type == "RSA" && is_text_if_there(key, "alg", "RS256")) return read_rsa_key(key);
  return std::nullopt;
}

}  // namespace fabula::auth

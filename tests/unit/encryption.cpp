#include <doctest/doctest.h>

#include <string>

#include "shared/encryption/encrypted_text.hpp"
#include "shared/encryption/encryption_key.hpp"

using namespace fabula;

TEST_CASE("an encryption key is 64 hexadecimal digits") {
  const std::string digits = "00ff10" + std::string(56, 'a') + "Bc";
  const auto key = encryption::read_encryption_key("FABULA_ENCRYPTION_KEY", " " + digits + "\t");
  REQUIRE(key);
  CHECK(key->size() == encryption::kKeyBytes);
  CHECK(key->substr(0, 3) == std::string("\x00\xff\x10", 3));
  CHECK(key->back() == '\xbc');
}

TEST_CASE("any other value is refused; the message names the setting, and not the value") {
  for (const std::string& value :
       {std::string(), std::string("a-secret"), std::string(63, 'd'), std::string(65, 'd'),
        std::string(66, 'd'), std::string(63, 'd') + "g", std::string(32, '\0')}) {
    CAPTURE(value);
    const auto key = encryption::read_encryption_key("FABULA_PREVIOUS_ENCRYPTION_KEY", value);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::no_encryption_key);
    CHECK(key.error().detail.find("FABULA_PREVIOUS_ENCRYPTION_KEY") != std::string::npos);
    if (value.size() > 4) CHECK(key.error().detail.find(value) == std::string::npos);
  }
}

TEST_CASE("an encrypted text is written as it is read") {
  std::string text;
  json::Writer writer(text);
  encryption::write_encrypted_text(writer, {"00ff", "c2VhbGVk"});
  CHECK(text == R"({"key_id":"00ff","ciphertext":"c2VhbGVk"})");
  const auto read = encryption::read_encrypted_text(*json::parse(text));
  REQUIRE(read);
  CHECK(read->key_id == "00ff");
  CHECK(read->ciphertext == "c2VhbGVk");
  for (const auto* other : {"null", R"("sk-plain")", "{}", R"({"key_id":"00ff"})",
                            R"({"key_id":1,"ciphertext":"c"})", "[]"}) {
    CAPTURE(other);
    CHECK_FALSE(encryption::read_encrypted_text(*json::parse(other)));
  }
}

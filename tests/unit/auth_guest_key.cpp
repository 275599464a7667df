#include "shared/auth/guest_key.hpp"

#include <doctest/doctest.h>

using fabula::auth::is_random_uuid;

TEST_CASE("UUIDs of version 4 are hard to guess") {
  for (const auto* key :
       {"8c7e3b1a-5d2f-4a9c-b6e0-13f4d7a8c921", "8C7E3B1A-5D2F-4A9C-B6E0-13F4D7A8C921"}) {
    CAPTURE(key);
    CHECK(is_random_uuid(key));
  }
}

TEST_CASE("UUIDs that are mostly a time, and other texts, are not") {
  for (const auto* key :
       {"", "1", "retry-1", "8d5a", "8c7e3b1a5d2f4a9cb6e013f4d7a8c921",
        "8c7e3b1a-5d2f-4a9c-b6e0-13f4d7a8c92", "8c7e3b1a-5d2f-4a9c-b6e0-13f4d7a8c9211",
        "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d", "018f4f3e-6d5b-7c3a-9e21-0a1b2c3d4e5f",
        "V1StGXR8_Z5jdHi6B-myTx", "first message of the session"}) {
    CAPTURE(key);
    CHECK_FALSE(is_random_uuid(key));
  }
}

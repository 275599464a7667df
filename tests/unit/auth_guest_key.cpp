#include "shared/auth/guest_key.hpp"

#include <doctest/doctest.h>

using fabula::auth::is_hard_to_guess;

TEST_CASE("keys with enough random bits are hard to guess") {
  for (const auto* key :
       {"8c7e3b1a-5d2f-4a9c-b6e0-13f4d7a8c921", "8C7E3B1A-5D2F-4A9C-B6E0-13F4D7A8C921",
        "8c7e3b1a5d2f4a9cb6e013f4d7a8c92", "0123456789abcdef0123456789abcdef",
        "V1StGXR8_Z5jdHi6B-myTx", "01ARZ3NDEKTSV4RRFFQ69G5FAVxx"}) {
    CAPTURE(key);
    CHECK(is_hard_to_guess(key));
  }
}

TEST_CASE("short keys, and UUIDs that are mostly a time, are not") {
  for (const auto* key :
       {"", "1", "retry-1", "8d5a", "8c7e3b1a5d2f4a9cb6e013f4d7a8c9",
        "123456789012345678901234567890", "V1StGXR8_Z5jdHi6B-myT",
        "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d", "018f4f3e-6d5b-7c3a-9e21-0a1b2c3d4e5f",
        "first message of the session", "a.b.c.d.e.f.g.h.i.j.k.l.m.n"}) {
    CAPTURE(key);
    CHECK_FALSE(is_hard_to_guess(key));
  }
}

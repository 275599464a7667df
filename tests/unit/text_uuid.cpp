#include "shared/text/uuid.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

TEST_CASE("a canonical UUID of any version and case becomes lower case") {
  CHECK(text::normalize_uuid("123E4567-e89B-12d3-A456-426614174000") ==
        "123e4567-e89b-12d3-a456-426614174000");
  CHECK(text::normalize_uuid("00000000-0000-0000-0000-000000000000").has_value());
  CHECK(text::normalize_uuid("ffffffff-ffff-ffff-ffff-ffffffffffff").has_value());
}

TEST_CASE("any other spelling is no UUID") {
  for (const std::string_view bad :
       {"", "123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}",
        "urn:uuid:123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-42661417400",
        "123e4567-e89b-12d3-a456-4266141740000", "123e4567-e89b-12d3-a456-42661417400g",
        "123e4567-e89b-12d3-a456_426614174000", " 23e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a4564-26614174000"}) {
    CAPTURE(bad);
    CHECK_FALSE(text::normalize_uuid(bad));
  }
}

TEST_CASE("random bytes become a version 4 UUID of RFC 9562's variant") {
  std::array<std::uint8_t, 16> bytes{};
  CHECK(text::make_uuid_v4(bytes) == "00000000-0000-4000-8000-000000000000");
  bytes.fill(0xFF);
  CHECK(text::make_uuid_v4(bytes) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
  for (std::uint8_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(i * 0x11);
  CHECK(text::make_uuid_v4(bytes) == "00112233-4455-4677-8899-aabbccddeeff");
}

TEST_CASE("what is read as a UUID is read again as itself") {
  tests::Mutations mutations({"123e4567-e89b-12d3-a456-426614174000"});
  int read = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto uuid = text::normalize_uuid(mutations.next());
    if (!uuid) continue;
    ++read;
    REQUIRE(text::normalize_uuid(*uuid) == uuid);
  }
  CHECK(read > 100);
}

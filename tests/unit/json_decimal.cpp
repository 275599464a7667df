// The doubles that JSON's numbers mean: right to the last bit.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "shared/json/document.hpp"

using namespace fabula;

namespace {

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

std::uint64_t bits_of(const std::string& literal) {
  CAPTURE(literal);
  const auto document = json::parse(literal);
  REQUIRE(document);
  const auto* value = document->get_ptr<const double*>();
  REQUIRE(value);
  return bits(*value);
}

}  // namespace

TEST_CASE("edges of the doubles") {
  CHECK(bits_of("0.0") == 0);
  CHECK(bits_of("-0.0") == bits(-0.0));
  CHECK(bits_of("0e999999999999") == 0);
  CHECK(bits_of("-1.5") == bits(-1.5));
  CHECK(bits_of("0.1") == 0x3fb999999999999a);
  CHECK(bits_of("1e22") == 0x4480f0cf064dd592);
  CHECK(bits_of("1e23") == 0x44b52d02c7e14af6);
  CHECK(bits_of("9.999999999999999e307") == 0x7fe1ccf385ebc89f);
  CHECK(bits_of("5e-324") == 1);
  CHECK(bits_of("2.4703282292062328e-324") == 1);
  CHECK(bits_of("2.4703282292062327e-324") == 0);
  CHECK(bits_of("1E-999999999999") == 0);
  CHECK(bits_of("2.2250738585072014e-308") == bits(std::numeric_limits<double>::min()));
  CHECK(bits_of("2.2250738585072011e-308") == 0x000fffffffffffff);
  CHECK(bits_of("9007199254740992.9") == bits(9007199254740992.0));
  CHECK(bits_of("9007199254740993.0000000000000000000001") == bits(9007199254740994.0));
  CHECK(bits_of("0.000000000000000000000000000001e30") == bits(1));
  CHECK(bits_of("100000000000000000000000000000e-29") == bits(1));
}

TEST_CASE("a number that may be beyond the largest double is refused") {
  for (const char* literal : {"1e308", "-1e400", "1e999999999999", "1.7976931348623159e308"}) {
    CHECK_FALSE(json::parse(literal));
  }
}

TEST_CASE("a tie is broken by a digit however far behind") {
  // Halfway between 1 and the next double.
  const std::string half = "1.00000000000000011102230246251565404236316680908203125";
  const auto one = bits(1);
  CHECK(bits_of(half) == one);
  CHECK(bits_of(half + std::string(2000, '0')) == one);
  CHECK(bits_of(half + std::string(2000, '0') + "1") == one + 1);
  CHECK(bits_of(std::string(3000, '9') + "e-3000") == one);
  CHECK(bits_of("0." + std::string(3000, '0') + "5e3001") == bits(5.0));
  CHECK(bits_of("1" + std::string(3000, '0') + "e-2990") == bits(1e10));
}

TEST_CASE("any double is read as it was written") {
  std::mt19937_64 random(20261121);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 20'000; ++round) {
    const auto value = std::bit_cast<double>(random());
    // Larger numbers are refused (Scanner::skip_number).
    if (std::abs(value) < 1e308) CHECK(bits_of(json::dump(value)) == bits(value));
  }
}

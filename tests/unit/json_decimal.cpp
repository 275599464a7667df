#include "shared/json/decimal.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

using fabula::json::parse_decimal;

namespace {

// The C library's answer, which is right to the last bit.
void same_as_the_library(const std::string& literal) {
  CAPTURE(literal);
  const double expected = std::strtod(literal.c_str(), nullptr);
  CHECK(std::bit_cast<std::uint64_t>(parse_decimal(literal)) ==
        std::bit_cast<std::uint64_t>(expected));
}

}  // namespace

TEST_CASE("edges of the doubles") {
  for (const char* literal : {"0",
                              "-0",
                              "0.0",
                              "1",
                              "-1.5",
                              "0.1",
                              "1e22",
                              "1e23",
                              "123456789012345678",
                              "1e308",
                              "1.7976931348623157e308",
                              "1.7976931348623158e308",
                              "1.7976931348623159e308",
                              "1e309",
                              "-1e400",
                              "1e999999999999",
                              "5e-324",
                              "2.4703282292062327e-324",
                              "2.4703282292062328e-324",
                              "2.2250738585072014e-308",
                              "2.2250738585072011e-308",
                              "4.9e-324",
                              "1e-400",
                              "1E-999999999999",
                              "0e999999999999",
                              "9007199254740993",
                              "9007199254740992.9",
                              "9007199254740993.0000000000000000000001",
                              "0.000000000000000000000000000001e30",
                              "100000000000000000000000000000e-29",
                              "7.2057594037927933e16"}) {
    same_as_the_library(literal);
  }
}

TEST_CASE("a tie is broken by a digit however far behind") {
  // Halfway between 1 and the next double.
  const std::string half = "1.00000000000000011102230246251565404236316680908203125";
  same_as_the_library(half);
  same_as_the_library(half + std::string(2000, '0'));
  same_as_the_library(half + std::string(2000, '0') + "1");
  same_as_the_library(half + std::string(2000, '0') + "1e5");
  same_as_the_library(std::string(3000, '9') + "e-3000");
  same_as_the_library("0." + std::string(3000, '0') + "5e3000");
  same_as_the_library("1" + std::string(3000, '0') + "e-2990");
}

TEST_CASE("any double's shortest and longest texts, and texts at random") {
  std::mt19937_64 random(20261121);  // NOLINT(cert-msc51-cpp)
  for (int round = 0; round < 20'000; ++round) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%.17g", value);
    same_as_the_library(text);
    std::snprintf(text, sizeof text, "%.16g", value);
    same_as_the_library(text);
    const auto digits = std::to_string(random());
    const auto exponent = static_cast<int>(random() % 700) - 350;
    same_as_the_library(digits.substr(0, 1) + "." + digits.substr(1) + "e" +
                        std::to_string(exponent));
  }
}

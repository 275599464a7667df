// The inputs of reports from the field: tests/fixtures/cases.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "shared/json/document.hpp"
#include "tests/unit/recordings.hpp"

namespace fabula::tests {

// `file` is below tests/fixtures/cases.
inline std::string read_case(const std::string& file) {
  auto bytes = read_fixture("cases/" + file);
  REQUIRE_FALSE(bytes.empty());
  return bytes;
}

inline json::Document scenario_of(const std::string& folder) {
  const auto scenario = json::parse(read_case(folder + "/scenario.json"));
  REQUIRE(scenario);
  return *scenario;
}

inline std::string text_of(const json::Document& object, std::string_view key) {
  return std::string(json::string_at(object, key).value_or(""));
}

}  // namespace fabula::tests

// Answers of the tasks function.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "shared/json/document.hpp"

namespace fabula::tests {

// The answer without its failures, of which there is one for each task that failed, with its kind,
// code and sentence.
inline std::string counts_of(std::string_view body) {
  auto answer = json::parse(body).value_or(json::Document::object());
  const auto* failures = json::find(answer, "failures");
  REQUIRE(failures);
  CHECK(static_cast<std::int64_t>(failures->size()) == json::integer_at(answer, "failed"));
  for (const auto& failure : *failures) {
    CHECK(failure.size() == 3);
    for (const auto* member : {"kind", "code", "message"}) {
      CHECK_FALSE(json::string_at(failure, member).value_or("").empty());
    }
  }
  answer.erase("failures");
  return json::dump(answer);
}

}  // namespace fabula::tests

#include "shared/api/preconditions.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace fabula;

namespace {

constexpr api::Operation kRead{
    .id = "read", .method = "GET", .pattern = "/a", .summary = "", .answer = {}};
constexpr api::Operation kCreate{
    .id = "create", .method = "POST", .pattern = "/a", .summary = "", .answer = {}};
constexpr api::Operation kChange{.id = "change",
                                 .method = "PATCH",
                                 .pattern = "/a",
                                 .summary = "",
                                 .takes_if_match = true,
                                 .answer = {}};

bool passes(const api::Operation& operation, std::string_view name, std::string_view value) {
  http::Headers headers;
  headers.add(std::string(name), std::string(value));
  const auto checked = api::check_preconditions(operation, headers);
  if (!checked) CHECK(checked.error().code == ErrorCode::precondition_failed);
  return checked.has_value();
}

}  // namespace

TEST_CASE("a change with If-None-Match is refused, whatever it names") {
  for (const std::string_view value : {"*", "\"1\"", "W/\"1\"", "\"1\", \"2\"", "", "1"}) {
    CAPTURE(value);
    CHECK_FALSE(passes(kChange, "if-none-match", value));
    CHECK_FALSE(passes(kCreate, "if-none-match", value));
    CHECK(passes(kRead, "if-none-match", value));
  }
}

TEST_CASE("a version of something without versions is never the right one") {
  for (const std::string_view value : {"\"1\"", "W/\"1\"", "\"1\", \"2\"", "1"}) {
    CAPTURE(value);
    CHECK_FALSE(passes(kCreate, "if-match", value));
    CHECK(passes(kChange, "if-match", value));  // Decided by the version.
    CHECK(passes(kRead, "if-match", value));
  }
  CHECK(passes(kCreate, "if-match", "*"));
  CHECK(passes(kCreate, "if-match", " * "));
}

TEST_CASE("without preconditions a change may be made") {
  CHECK(api::check_preconditions(kCreate, {}));
  CHECK(api::check_preconditions(kChange, {}));
}

#include "shared/text/timestamps.hpp"

#include <doctest/doctest.h>

#include <ctime>
#include <limits>
#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

// The C library's calendar, which the core itself may not use.
std::string formatted_by_c_library(std::time_t seconds, int milliseconds) {
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::string text(64, '\0');
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                                   parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace

TEST_CASE("known moments") {
  CHECK(text::format_timestamp(0) == "1970-01-01T00:00:00.000Z");
  CHECK(text::format_timestamp(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(text::format_timestamp(1'795'246'260'123) == "2026-11-21T07:31:00.123Z");
  CHECK(text::format_timestamp(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(text::format_timestamp(4'107'542'400'000) == "2100-03-01T00:00:00.000Z");
}

TEST_CASE("moments outside four-digit years are shown as the first or the last") {
  CHECK(text::format_timestamp(std::numeric_limits<std::int64_t>::min()) ==
        "0000-01-01T00:00:00.000Z");
  CHECK(text::format_timestamp(-62'167'219'200'000) == "0000-01-01T00:00:00.000Z");
  CHECK(text::format_timestamp(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
  CHECK(text::format_timestamp(std::numeric_limits<std::int64_t>::max()) ==
        "9999-12-31T23:59:59.999Z");
}

TEST_CASE("every day from 1 to 2400 has the C library's date") {
  constexpr std::int64_t kDayMs = 86'400'000;
  constexpr std::int64_t kFirst = -62'135'596'800'000 / kDayMs;
  constexpr std::int64_t kLast = 13'569'465'600'000 / kDayMs;
  int faults = 0;
  for (std::int64_t day = kFirst; day <= kLast; ++day) {
    const auto expected = formatted_by_c_library(static_cast<std::time_t>(day * 86'400), 0);
    if (text::format_timestamp(day * kDayMs) != expected) ++faults;
  }
  CHECK(faults == 0);
}

TEST_CASE("random moments have the C library's date and time") {
  tests::Mutations random({""});
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto seconds = static_cast<std::time_t>(random.below(253'402'300'800));
    const auto milliseconds = static_cast<int>(random.below(1000));
    REQUIRE(text::format_timestamp(seconds * 1000 + milliseconds) ==
            formatted_by_c_library(seconds, milliseconds));
  }
}

// Days that people name are kept as the dates that they meant.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/memory/dates.hpp"

using namespace fabula;

namespace {

// Sunday, 29 November 2026, at noon in UTC.
constexpr std::int64_t kSunday = 1'795'953'600'000;

std::string meant(std::string_view words) { return memory::day_meant(words, kSunday); }

}  // namespace

TEST_CASE("days from the day on which they were said") {
  CHECK(memory::date_of(kSunday) == "2026-11-29");
  CHECK(meant("today") == "2026-11-29");
  CHECK(meant("Tomorrow") == "2026-11-30");
  CHECK(meant("tomorrow at ten") == "2026-11-30");
  CHECK(meant("the day after tomorrow") == "2026-12-01");
  CHECK(meant("yesterday") == "2026-11-28");
  CHECK(meant("the day before yesterday") == "2026-11-27");
  CHECK(meant("in three days") == "2026-12-02");
  CHECK(meant("in 2 weeks") == "2026-12-13");
  CHECK(meant("two weeks ago") == "2026-11-15");
  CHECK(meant("on Friday") == "2026-12-04");
  CHECK(meant("next Sunday") == "2026-12-06");
  CHECK(meant("last Friday") == "2026-11-27");
  CHECK(meant("last Sunday") == "2026-11-22");
  CHECK(meant("übermorgen") == "2026-12-01");
  CHECK(meant("morgen") == "2026-11-30");
  CHECK(meant("am Morgen") == "");
  CHECK(meant("mañana") == "2026-11-30");
  CHECK(meant("demain") == "2026-11-30");
}

TEST_CASE("dates") {
  CHECK(meant("2027-02-03") == "2027-02-03");
  CHECK(meant("2027-02-30") == "");
  CHECK(meant("December 1st") == "2026-12-01");
  CHECK(meant("1 December") == "2026-12-01");
  CHECK(meant("the 3rd of March") == "2027-03-03");
  CHECK(meant("3 March 2031") == "2031-03-03");
  CHECK(meant("March 3rd, 2031") == "2031-03-03");
  CHECK(meant("31 February") == "");
  for (const char* words : {"", "soon", "some day", "in May", "99999999999999999999 days ago",
                            "in 4000 days", "\xFF\xFE", "2026-13-01", "ten"}) {
    CHECK_MESSAGE(meant(words) == "", words);
  }
  CHECK(memory::day_meant("tomorrow", -5) == "1970-01-02");
  CHECK(memory::day_meant("today", INT64_MAX) == "9999-12-31");
}

TEST_CASE("a sentence says the date in place of the words") {
  CHECK(memory::with_day("The user has an interview tomorrow.", "tomorrow", kSunday) ==
        "The user has an interview on 2026-11-30.");
  CHECK(memory::with_day("The user flies on Friday.", "Friday", kSunday) ==
        "The user flies on 2026-12-04.");
  CHECK(memory::with_day("The user has an interview.", "tomorrow", kSunday) ==
        "The user has an interview (2026-11-30).");
  CHECK(memory::with_day("The user has an interview on 2026-11-30.", "tomorrow", kSunday) ==
        "The user has an interview on 2026-11-30.");
  CHECK(memory::with_day("The user sings", "loudly", kSunday) == "The user sings");
  CHECK(memory::first_date("on 2026-11-30, not 2026-12-01") == "2026-11-30");
  CHECK(memory::first_date("12026-11-30") == "");
}

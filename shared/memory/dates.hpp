// Days in the user's words: "tomorrow" is stored as the date that it meant when it was said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fabula::memory {

// YYYY-MM-DD, in UTC.
std::string date_of(std::int64_t time_ms);

// The day that the words mean when said at that time, as YYYY-MM-DD; "" if they name none: a date
// ("2026-12-01", "1 December", "December 1st, 2027"), a day relative to now ("tomorrow", "in three
// days", "two weeks ago"), or a day of the week, which is the next one, or for "last Friday" the
// previous one. English, and the most common words in German, French and Spanish. A date without a
// year is the next such date.
std::string day_meant(std::string_view words, std::int64_t said_at_ms);

// The first date in the text, written YYYY-MM-DD; "" if there is none.
std::string first_date(std::string_view text);

// The text with `words` replaced by the day that they mean, or followed by the day if it does not
// contain them. Unchanged if they name no day.
std::string with_day(std::string_view text, std::string_view words, std::int64_t said_at_ms);

}  // namespace fabula::memory

#include "shared/text/timestamps.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace fabula::text {
namespace {

constexpr std::int64_t kMillisecondsPerSecond = 1000;
constexpr std::int64_t kMillisecondsPerDay = 86400000;
constexpr std::int64_t kFirstMoment = -62167219200000;  // 0000-01-01T00:00:00.000Z
constexpr std::int64_t kLastMoment = 253402300799999;   // 9999-12-31T23:59:59.999Z

constexpr bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// The days from 0000-01-01 to the first day of `year`; the year 0000 has 366.
constexpr std::int64_t days_before_year(std::int64_t year) {
  if (year == 0) return 0;
  const std::int64_t last = year - 1;
  return year * 365 + last / 4 - last / 100 + last / 400 + 1;
}

std::int64_t year_of_day(std::int64_t day) {
  constexpr std::int64_t kDaysPer400Years = 146097;
  // The mean length of a year gives the year or, near New Year, an adjacent one.
  std::int64_t year = day * 400 / kDaysPer400Years;
  while (days_before_year(year) > day) --year;
  while (days_before_year(year + 1) <= day) ++year;
  return year;
}

void append_digits(std::string& text, std::int64_t number, int width) {
  std::int64_t divisor = 1;
  for (int i = 1; i < width; ++i) divisor *= 10;
  for (; divisor > 0; divisor /= 10) text += static_cast<char>('0' + number / divisor % 10);
}

// `day` counts from 0000-01-01.
void append_date(std::string& text, std::int64_t day) {
  const std::int64_t year = year_of_day(day);
  const std::array<std::int64_t, 12> month_days = {
      31, is_leap_year(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t day_of_month = day - days_before_year(year);
  std::size_t month = 0;
  while (day_of_month >= month_days[month]) day_of_month -= month_days[month++];
  append_digits(text, year, 4);
  text += '-';
  append_digits(text, static_cast<std::int64_t>(month) + 1, 2);
  text += '-';
  append_digits(text, day_of_month + 1, 2);
}

}  // namespace

std::string format_timestamp(std::int64_t time_ms) {
  // Relative to the first moment, nothing is negative and division rounds down.
  const std::int64_t offset_ms = std::clamp(time_ms, kFirstMoment, kLastMoment) - kFirstMoment;
  const std::int64_t second_of_day = offset_ms % kMillisecondsPerDay / kMillisecondsPerSecond;
  std::string text;
  append_date(text, offset_ms / kMillisecondsPerDay);
  text += 'T';
  append_digits(text, second_of_day / 3600, 2);
  text += ':';
  append_digits(text, second_of_day / 60 % 60, 2);
  text += ':';
  append_digits(text, second_of_day % 60, 2);
  text += '.';
  append_digits(text, offset_ms % kMillisecondsPerSecond, 3);
  text += 'Z';
  return text;
}

}  // namespace fabula::text

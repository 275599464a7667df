#include "shared/llm/stream/retry_wait.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"

namespace fabula::llm {
namespace {

constexpr std::int64_t kMsPerSecond = 1000;
constexpr std::int64_t kMsPerMinute = 60 * kMsPerSecond;
constexpr std::int64_t kMsPerHour = 60 * kMsPerMinute;
constexpr std::int64_t kMsPerDay = 24 * kMsPerHour;
constexpr std::int64_t kLongestWaitMs = kMsPerDay;

std::int64_t limited(std::int64_t wait_ms) {
  return std::clamp<std::int64_t>(wait_ms, 0, kLongestWaitMs);
}

// Removes a number such as 7 or 12.5 from the front and returns it in thousandths. The limit is a
// wait's longest in milliseconds, and so low that as many days fit into the type.
std::optional<std::int64_t> take_thousandths(std::string_view& text) {
  constexpr std::int64_t kLargest = kLongestWaitMs * kMsPerSecond;
  if (text.empty() || !text::is_digit(text.front())) return std::nullopt;
  std::int64_t value = 0;
  const auto take_digit = [&] {
    value = std::min(value * 10 + (text.front() - '0'), kLargest);
    text.remove_prefix(1);
  };
  while (!text.empty() && text::is_digit(text.front())) take_digit();
  int decimals = 0;
  if (text.size() >= 2 && text[0] == '.' && text::is_digit(text[1])) {
    text.remove_prefix(1);
    for (; !text.empty() && text::is_digit(text.front()); ++decimals) {
      if (decimals < 3) {
        take_digit();
      } else {
        text.remove_prefix(1);
      }
    }
  }
  for (decimals = std::min(decimals, 3); decimals < 3; ++decimals) {
    value = std::min(value * 10, kLargest);
  }
  return value;
}

struct Unit {
  std::string_view name;
  std::int64_t ms;
};

// Longer names precede their prefixes.
constexpr std::array kUnits = {
    Unit{"ms", 1},           Unit{"milliseconds", 1},       Unit{"minute", kMsPerMinute},
    Unit{"m", kMsPerMinute}, Unit{"seconds", kMsPerSecond}, Unit{"second", kMsPerSecond},
    Unit{"s", kMsPerSecond}, Unit{"hour", kMsPerHour},      Unit{"h", kMsPerHour},
    Unit{"day", kMsPerDay},
};

// 20s, 1m30.5s, 350ms, 12 seconds; `unit_ms`: for a number without a unit.
std::int64_t duration_ms(std::string_view text, std::int64_t unit_ms) {
  std::int64_t sum_ms = 0;
  while (const auto thousandths = take_thousandths(text)) {
    text = text.substr(std::min(text.size(), text.find_first_not_of(' ')));
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [text](const Unit& known) {
      return text.starts_with(known.name);
    });
    const bool has_unit = unit != kUnits.end();
    const auto in_ms = has_unit ? unit->ms : unit_ms;
    sum_ms += *thousandths * in_ms / kMsPerSecond;
    if (!has_unit || sum_ms > kLongestWaitMs) break;
    text.remove_prefix(unit->name.size());
  }
  return limited(sum_ms);
}

// "Fri, 31 Dec 2027 23:59:59 GMT", since 1970.
std::optional<std::int64_t> http_date_ms(std::string_view date) {
  constexpr std::string_view kForm = "Fri, 31 Dec 2027 23:59:59 GMT";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (date.size() != kForm.size() || !date.ends_with(" GMT")) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    const auto value = text::parse_natural(date.substr(at, digits)).value_or(0);
    return static_cast<int>(value);
  };
  const auto month = kMonths.find(date.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(number(12, 4)),
                                        std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                        std::chrono::day(static_cast<unsigned>(number(5, 2)))};
  if (!day.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return days * kMsPerDay + number(17, 2) * kMsPerHour + number(20, 2) * kMsPerMinute +
         number(23, 2) * kMsPerSecond;
}

std::int64_t duration_in_ms(const json::Document& value, std::int64_t unit_ms) {
  if (const auto* text = value.get_ptr<const std::string*>()) return duration_ms(*text, unit_ms);
  return value.is_number() ? duration_ms(json::dump(value), unit_ms) : 0;
}

std::int64_t wait_in_members_ms(const json::Document& object) {
  // `estimated_time` is Hugging Face's, of a model that is loading.
  for (const auto member : {"retryDelay", "retry_after", "retry_after_seconds", "estimated_time"}) {
    const auto* wait = json::find(object, member);
    if (const auto wait_ms = wait ? duration_in_ms(*wait, kMsPerSecond) : 0) return wait_ms;
  }
  const auto* ms = json::find(object, "retry_after_ms");
  return ms ? duration_in_ms(*ms, 1) : 0;
}

// The time at which a limit ends, since 1970 in milliseconds, as OpenRouter passes it on.
std::int64_t wait_until_reset_ms(const json::Document& metadata, std::int64_t now_ms) {
  const auto* headers = json::find(metadata, "headers");
  const auto* reset = headers ? json::find(*headers, "X-RateLimit-Reset") : nullptr;
  if (!reset || now_ms == 0) return 0;
  const auto* text = reset->get_ptr<const std::string*>();
  const auto at_ms =
      text ? text::parse_integer(*text) : json::integer_at(*headers, "X-RateLimit-Reset");
  return at_ms ? limited(*at_ms - now_ms) : 0;
}

std::int64_t wait_in_words_ms(std::string_view message) {
  const auto words = text::to_lower(message);
  for (const std::string_view before :
       {"try again in ", "retry in ", "retry after ", "try again after ", "available in ",
        "resets in ", "wait ", "wait for "}) {
    const auto found = words.find(before);
    if (found == std::string::npos) continue;
    auto rest = std::string_view(words).substr(found + before.size());
    if (rest.starts_with('~')) rest.remove_prefix(1);
    if (const auto wait_ms = duration_ms(rest, kMsPerSecond)) return wait_ms;
  }
  return 0;
}

}  // namespace

std::int64_t wait_in_header_ms(std::string_view retry_after, std::int64_t now_ms) {
  const auto value = text::trim(retry_after);
  if (const auto date_ms = http_date_ms(value)) return now_ms ? limited(*date_ms - now_ms) : 0;
  const bool is_number = !value.empty() && value.find_first_not_of("0123456789.") == value.npos;
  return is_number ? duration_ms(value, kMsPerSecond) : 0;
}

std::int64_t wait_in_milliseconds_ms(std::string_view value) {
  return duration_ms(text::trim(value), 1);
}

std::int64_t wait_in_error_ms(const json::Document& error, std::string_view words,
                              std::int64_t now_ms) {
  if (const auto wait_ms = wait_in_members_ms(error)) return wait_ms;
  if (const auto* metadata = json::find(error, "metadata")) {
    if (const auto wait_ms = wait_in_members_ms(*metadata)) return wait_ms;
    if (const auto wait_ms = wait_until_reset_ms(*metadata, now_ms)) return wait_ms;
  }
  if (const auto* details = json::find(error, "details"); details && details->is_array()) {
    for (const auto& detail : *details) {
      if (const auto wait_ms = wait_in_members_ms(detail)) return wait_ms;
    }
  }
  return wait_in_words_ms(words);
}

}  // namespace fabula::llm

#include "shared/turn/rate_limit.hpp"

#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::turn {
namespace {

constexpr std::uint64_t kMost = 1'000'000;

// Parses "5/60"; nothing for any other text.
std::optional<RateLimit> parse_limit(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto requests = text::parse_natural(text.substr(0, slash));
  const auto window_s = text::parse_natural(text.substr(slash + 1));
  const auto is_sound = [](const auto& number) {
    return number && *number >= 1 && *number <= kMost;
  };
  if (!is_sound(requests) || !is_sound(window_s)) return std::nullopt;
  return RateLimit{static_cast<std::int64_t>(*requests), static_cast<std::int64_t>(*window_s)};
}

}  // namespace

Result<std::optional<RateLimit>> find_rate_limit(std::string_view setting, std::string_view action,
                                                 std::optional<RateLimit> normal) {
  std::optional<RateLimit> found = normal;
  if (text::trim(setting).empty()) return found;
  text::Splitter entries(setting, ',');
  while (const auto entry = entries.next()) {
    const auto equals = entry->find('=');
    const auto value = equals == std::string_view::npos ? std::string_view()
                                                        : text::trim(entry->substr(equals + 1));
    const auto limit = parse_limit(value);
    if (!limit && value != "off") {
      return problem(ErrorCode::internal_error, "The server's settings are wrong. Tell its owner.",
                     "FABULA_RATE_LIMITS must look like stream=5/60,chat=off: requests/seconds");
    }
    if (text::trim(entry->substr(0, equals)) == action) found = limit;
  }
  return found;
}

}  // namespace fabula::turn

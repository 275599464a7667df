#include "shared/turn/rate_limit.hpp"

#include <doctest/doctest.h>

using namespace fabula;
using turn::find_rate_limit;
using turn::RateLimit;

namespace {

constexpr RateLimit kNormal{5, 60};

std::string found(std::string_view setting, std::string_view action,
                  std::optional<RateLimit> normal = kNormal) {
  const auto limit = find_rate_limit(setting, action, normal);
  if (!limit) return limit.error().cause.empty() ? "no cause" : "refused";
  if (!*limit) return "none";
  return std::to_string((*limit)->max_requests) + "/" + std::to_string((*limit)->window_s);
}

}  // namespace

TEST_CASE("a setting's entry takes the place of what is normal") {
  CHECK(found("", "stream") == "5/60");
  CHECK(found("  ", "stream") == "5/60");
  CHECK(found("chat=30/60", "stream") == "5/60");
  CHECK(found("chat=30/60", "chat", std::nullopt) == "30/60");
  CHECK(found("stream=7/1,chat=30/60", "stream") == "7/1");
  CHECK(found(" stream = 7/3600 , chat = off ", "stream") == "7/3600");
  CHECK(found("stream=off", "stream") == "none");
  CHECK(found("stream=1/1,stream=2/2", "stream") == "2/2");
  CHECK(found("", "chat", std::nullopt) == "none");
}

TEST_CASE("a setting of another form is no silent absence of limits") {
  for (const auto* setting :
       {"stream", "stream=", "stream=5", "stream=5/", "stream=/60", "stream=0/60", "stream=5/0",
        "stream=-5/60", "stream=5/60/7", "stream=1000001/60", "stream=five/60", "stream=5/60,"}) {
    CAPTURE(setting);
    CHECK(found(setting, "stream") == "refused");
    CHECK(found(setting, "chat") == "refused");
  }
}

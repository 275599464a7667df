#include "shared/http/host_list.hpp"

#include <doctest/doctest.h>

using namespace fabula;

namespace {

bool is_listed(std::string_view address, std::string_view hosts, bool is_development = false) {
  const auto url = http::parse_url(address);
  REQUIRE(url);
  return http::is_listed_host(*url, hosts, is_development);
}

}  // namespace

TEST_CASE("a host is listed with its port, which is that of https unless it is named") {
  constexpr std::string_view kHosts = " Files.Example.com ,,cdn.example:8443,[fd00::1]:9";
  CHECK(is_listed("https://files.example.com/a", kHosts));
  CHECK(is_listed("https://FILES.example.com:443/a", kHosts));
  CHECK(is_listed("https://cdn.example:8443/a", kHosts));
  CHECK(is_listed("https://[fd00::1]:9/a", kHosts));
  for (const auto* other :
       {"https://files.example.com:8443/a", "https://cdn.example/a", "https://a.files.example.com/",
        "https://example.com/", "http://files.example.com/", "https://files.example.com.evil/"}) {
    CAPTURE(other);
    CHECK_FALSE(is_listed(other, kHosts));
  }
  CHECK_FALSE(is_listed("https://files.example.com/a", ""));
}

TEST_CASE("in development an entry without a port means any port") {
  CHECK(is_listed("http://files.example:8080/a", "files.example", true));
  CHECK_FALSE(is_listed("http://files.example:8080/a", "files.example:81", true));
}

#include "shared/http/url.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/http/percent_encoding.hpp"
#include "shared/text/utf8.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

using Segments = std::vector<std::string>;

std::string host_of(std::string_view text) {
  const auto url = http::parse_url(text);
  REQUIRE(url);
  return url->host;
}

}  // namespace

TEST_CASE("a URL is taken apart") {
  const auto url =
      http::parse_url("HTTPS://API.Example.com:8443/functions/v1/chat/?after=12&q=a+b");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "api.example.com");
  CHECK(url->port == 8443);
  CHECK(url->path == "/functions/v1/chat/");
  CHECK(url->segments == Segments{"functions", "v1", "chat"});
  CHECK(url->query.size() == 2);
  CHECK(url->query_value("after") == "12");
  CHECK(url->query_value("q") == "a b");
  CHECK_FALSE(url->query_value("missing"));
}

TEST_CASE("a scheme has its port and an empty path is the root") {
  CHECK(http::parse_url("http://a")->port == 80);
  CHECK(http::parse_url("https://a")->port == 443);
  CHECK(http::parse_url("http://a?x")->path == "/");
  CHECK(http::parse_url("http://a")->segments.empty());
  CHECK(http::parse_url("http://a/")->segments.empty());
}

TEST_CASE("segments are decoded one by one, so an encoded slash does not split") {
  CHECK(http::parse_url("http://a/x%2Fy/caf%C3%A9/%20")->segments ==
        Segments{"x/y", "caf\u00E9", " "});
  CHECK(http::parse_url("http://a/x+y")->segments == Segments{"x+y"});
  CHECK(http::parse_url("http://a//x//")->segments == Segments{"", "x", ""});
}

TEST_CASE("query parameters may be empty, repeated, without a value, and hold odd characters") {
  const auto url = http::parse_url("http://a/?x=1&&x=2&flag&=v&e=%26%3D%2B&p=a|b^c'\"");
  REQUIRE(url);
  CHECK(url->query.size() == 6);
  CHECK(url->query_value("x") == "1");
  CHECK(url->query_value("flag") == "");
  CHECK(url->query_value("") == "v");
  CHECK(url->query_value("e") == "&=+");
  CHECK(url->query_value("p") == "a|b^c'\"");
}

TEST_CASE("hosts are names, dotted IPv4 addresses or bracketed IPv6 addresses") {
  CHECK(host_of("http://supabase_kong_fabula:8000/") == "supabase_kong_fabula");
  CHECK(host_of("http://127.0.0.1:54321") == "127.0.0.1");
  CHECK(host_of("http://[::1]:54321/") == "[::1]");
  CHECK(host_of("http://[2001:DB8::1]") == "[2001:db8::1]");
  CHECK(host_of("http://1password.com") == "1password.com");
}

TEST_CASE("what is no plain absolute URL is refused") {
  for (const std::string_view bad : {"",
                                     "a",
                                     "/chat",
                                     "//a/",
                                     "ftp://a/",
                                     "http:/a",
                                     "http:a",
                                     "http://",
                                     "http:///x",
                                     "http://?x",
                                     "http://user@a/",
                                     "http://user:password@a/",
                                     "http://a@b@c/",
                                     "http://a b/",
                                     "http://a/\n",
                                     "http://a/#x",
                                     "http://a\\b/",
                                     "http://a/\\b",
                                     "http://a:0/",
                                     "http://a:/",
                                     "http://a:65536/",
                                     "http://a:+1/",
                                     "http://a:080/",
                                     "http://a:1:2/",
                                     "http://.a/",
                                     "http://a./",
                                     "http://a..b/",
                                     "http://[::1/",
                                     "http://[]/",
                                     "http://::1/",
                                     "http://[1]/",
                                     "http://[::1]x/",
                                     "http://[fe80::1%25eth0]/",
                                     "http://a%41/",
                                     "http://\u00E9/",
                                     "http://127.1/",
                                     "http://0x7f.1/",
                                     "http://2130706433/",
                                     "http://127.0.0.01/",
                                     "http://127.0.0.256/",
                                     "http://1.2.3.4.5/",
                                     "http://a.0x/",
                                     "http://a/%",
                                     "http://a/%4",
                                     "http://a/%4G",
                                     "http://a/?%zz",
                                     "http://a/?x=%",
                                     "http://a/../b",
                                     "http://a/./b",
                                     "http://a/%2e%2E/b",
                                     "http://a/b/..",
                                     "http://a*/"}) {
    CAPTURE(bad);
    const auto url = http::parse_url(bad);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::invalid_request);
  }
}

TEST_CASE("a URL with a user's name is told so, and the name and password are not repeated") {
  const auto url = http::parse_url("https://fox:hunter2@a.example/");
  REQUIRE_FALSE(url);
  CHECK(url.error().detail == "The URL names a user. Leave out everything up to the @.");
}

TEST_CASE("encoded text that is not UTF-8 or holds NUL is told apart") {
  for (const std::string_view bad : {"http://a/%FF", "http://a/%C3", "http://a/?x=%ED%A0%80",
                                     "http://a/?%00", "http://a/a%00b"}) {
    CAPTURE(bad);
    const auto url = http::parse_url(bad);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == ErrorCode::invalid_utf8);
  }
}

TEST_CASE("URLs, host names and labels have their longest lengths") {
  const std::string start = "http://a/";
  CHECK(http::parse_url(start + std::string(http::kMaximumUrlBytes - start.size(), 'x')));
  CHECK_FALSE(http::parse_url(start + std::string(http::kMaximumUrlBytes - start.size() + 1, 'x')));
  CHECK(http::parse_url("http://" + std::string(63, 'a')));
  CHECK_FALSE(http::parse_url("http://" + std::string(64, 'a')));
  std::string host = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' + std::string(63, 'c');
  CHECK(http::parse_url("http://" + host + '.' + std::string(61, 'd')));
  CHECK_FALSE(http::parse_url("http://" + host + '.' + std::string(62, 'd')));
}

TEST_CASE("IP literals are recognised in every spelling that a platform would take") {
  for (const std::string_view host :
       {"127.0.0.1", "10.0.0.1", "[::1]", "[fd00::1]", "127.1", "2130706433", "0x7f000001",
        "0x7f.1", "0X7F", "1.2.3.4.", "a.b.1", "0x"}) {
    CAPTURE(host);
    CHECK(http::is_ip_literal(host));
  }
  for (const std::string_view host :
       {"", "a", "1password.com", "127.0.0.1.example", "0xg", "a.0xz", "127.0.0.1x", "."}) {
    CAPTURE(host);
    CHECK_FALSE(http::is_ip_literal(host));
  }
}

TEST_CASE("loopback is localhost, names below it and the loopback addresses") {
  for (const std::string_view host :
       {"localhost", "app.localhost", "127.0.0.1", "127.255.255.254", "[::1]"}) {
    CAPTURE(host);
    CHECK(http::is_loopback(host));
  }
  for (const std::string_view host :
       {"", "localhost.example", "notlocalhost", "127.0.0.1.example", "127.1", "128.0.0.1",
        "10.0.0.1", "0.0.0.0", "[::]", "[::ffff:10.0.0.1]", "169.254.169.254"}) {
    CAPTURE(host);
    CHECK_FALSE(http::is_loopback(host));
  }
}

TEST_CASE("percent-encoding keeps unreserved characters only and comes back") {
  CHECK(http::percent_encode("a-Z_0.~") == "a-Z_0.~");
  CHECK(http::percent_encode("a b/\u00E9&=+%") == "a%20b%2F%C3%A9%26%3D%2B%25");
  CHECK(http::percent_decode("a%20b%2f") == "a b/");
  CHECK_FALSE(http::percent_decode("%"));
  CHECK_FALSE(http::percent_decode("a%2"));
  CHECK_FALSE(http::percent_decode("%-1"));
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(http::percent_decode(http::percent_encode(bytes)) == bytes);
}

TEST_CASE("whatever URL is read has sound parts") {
  tests::Mutations mutations({"https://user.example:8443/functions/v1/chat/%C3%A9/?a=b%20c&d=+",
                              "http://[::1]:80/x/y?z", "http://127.0.0.1/", "http://a?b#c"});
  int read = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto url = http::parse_url(mutations.next());
    if (!url) continue;
    ++read;
    REQUIRE((url->scheme == "http" || url->scheme == "https"));
    REQUIRE(!url->host.empty());
    REQUIRE(url->host.find_first_of("@/?#\\ %") == std::string::npos);
    REQUIRE(url->port > 0);
    REQUIRE(url->path.front() == '/');
    for (const auto& segment : url->segments) {
      REQUIRE(text::is_valid_utf8(segment));
      REQUIRE(segment != "..");
    }
    for (const auto& parameter : url->query) {
      REQUIRE(text::is_valid_utf8(parameter.name));
      REQUIRE(text::is_valid_utf8(parameter.value));
    }
  }
  CHECK(read > 1000);
}

#include "shared/http/network_prefix.hpp"

#include <doctest/doctest.h>

using fabula::http::network_prefix;

TEST_CASE("addresses of one network have one prefix, however they are written") {
  for (const auto* address :
       {"203.0.113.9", "203.0.113.200", " 203.0.113.1 ", "203.0.113.9:4711", "::ffff:203.0.113.9",
        "::FFFF:cb00:7109", "[::ffff:203.0.113.9]:80"}) {
    CAPTURE(address);
    CHECK(network_prefix(address) == "203.0.113.0/24");
  }
  CHECK(network_prefix("203.0.114.9") == "203.0.114.0/24");
  for (const auto* address : {"2001:db8:0:1234::1", "2001:DB8::12ff:a:b:c:d",
                              "2001:0db8:0000:1200::", "[2001:db8:0:12ab::9]:443",
                              "2001:db8:0:1201:1:2:3:4%eth0", "2001:db8:0:12ff:0:0:192.0.2.7"}) {
    CAPTURE(address);
    CHECK(network_prefix(address) == "2001:0db8:0000:1200::/56");
  }
  CHECK(network_prefix("2001:db8:0:1334::1") == "2001:0db8:0000:1300::/56");
}

TEST_CASE("an address that is not of the internet has no network") {
  for (const auto* address : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255",
                              "192.168.1.1", "169.254.1.1", "100.64.0.1", "100.127.0.1", "0.0.0.0",
                              "::1", "::", "fe80::1", "fd00::1", "fc00::1", "::ffff:10.0.0.1"}) {
    CAPTURE(address);
    CHECK_FALSE(network_prefix(address));
  }
  for (const auto* address : {"172.32.0.1", "100.63.0.1", "100.128.0.1", "192.167.0.1", "11.0.0.1",
                              "169.253.0.1", "2a00::1", "3fff::1"}) {
    CAPTURE(address);
    CHECK(network_prefix(address));
  }
}

TEST_CASE("text that is no address has no network") {
  for (const auto* text : {"",
                           "unknown",
                           "203.0.113",
                           "203.0.113.256",
                           "203.0.113.9.1",
                           "203.0.113.0009",
                           "1.2.3.-4",
                           "2001:db8",
                           "2001:db8::1::2",
                           ":::",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7:8::",
                           "12345::1",
                           "g::1",
                           "::1.2.3",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3.4:5",
                           "fe80::1:",
                           "[",
                           "[]:1",
                           "%eth0"}) {
    CAPTURE(text);
    CHECK_FALSE(network_prefix(text));
  }
}

// The networks that clients call from, which limits for a network count together.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fabula::http {

// The network of an IP address: the first 24 bits of an IPv4 address ("203.0.113.0/24"), the first
// 56 of an IPv6 address ("2001:db8:0:1200::/56"), which one customer usually has. An IPv4 address
// that is written as IPv6 (RFC 4291, section 2.5.5.2) belongs to the IPv4 network. A port, brackets
// and a zone are ignored. Nothing when the text is no address, and for addresses that are not of
// the internet (RFC 6890: loopback, private and link-local ones, and those that carriers share): a
// server that sees them does not see its clients.
std::optional<std::string> network_prefix(std::string_view address);

}  // namespace fabula::http

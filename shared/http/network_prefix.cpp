#include "shared/http/network_prefix.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include "shared/text/ascii.hpp"
#include "shared/text/hex.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::http {
namespace {

constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Groups = 8;

using Ipv4 = std::array<std::uint8_t, kIpv4Bytes>;
using Ipv6 = std::array<std::uint16_t, kIpv6Groups>;

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 address{};
  std::size_t count = 0;
  text::Splitter parts(text, '.');
  while (const auto part = parts.next()) {
    const auto number = text::parse_natural(*part);
    if (count == kIpv4Bytes || part->size() > 3 || !number || *number > 255) return std::nullopt;
    address[count++] = static_cast<std::uint8_t>(*number);
  }
  if (count != kIpv4Bytes) return std::nullopt;
  return address;
}

// Appends the groups between colons, the last one perhaps as an IPv4 address; false when a group is
// malformed or there are too many.
bool append_groups(std::string_view text, Ipv6& groups, std::size_t& count) {
  if (text.empty()) return true;
  text::Splitter parts(text, ':');
  while (const auto part = parts.next()) {
    if (part->find('.') != std::string_view::npos) {
      const auto tail = parse_ipv4(*part);
      if (!tail || count + 2 > kIpv6Groups || parts.next()) return false;
      groups[count++] = static_cast<std::uint16_t>((*tail)[0] << 8 | (*tail)[1]);
      groups[count++] = static_cast<std::uint16_t>((*tail)[2] << 8 | (*tail)[3]);
      return true;
    }
    if (part->empty() || part->size() > 4 || count == kIpv6Groups) return false;
    std::uint16_t group = 0;
    for (const char digit : *part) {
      const int value = text::hex_digit_value(digit);
      if (value < 0) return false;
      group = static_cast<std::uint16_t>(group << 4 | value);
    }
    groups[count++] = group;
  }
  return true;
}

std::optional<Ipv6> parse_ipv6(std::string_view text) {
  const auto gap = text.find("::");
  Ipv6 address{};
  std::size_t count = 0;
  if (gap == std::string_view::npos) {
    if (!append_groups(text, address, count) || count != kIpv6Groups) return std::nullopt;
    return address;
  }
  Ipv6 end{};
  std::size_t end_count = 0;
  if (!append_groups(text.substr(0, gap), address, count) ||
      !append_groups(text.substr(gap + 2), end, end_count) || count + end_count >= kIpv6Groups) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < end_count; ++i) address[kIpv6Groups - end_count + i] = end[i];
  return address;
}

bool is_of_internet(const Ipv4& address) {
  const auto first = address[0];
  const auto second = address[1];
  return first != 0 && first != 10 && first != 127 && !(first == 100 && (second & 0xC0U) == 64) &&
         !(first == 169 && second == 254) && !(first == 172 && (second & 0xF0U) == 16) &&
         !(first == 192 && second == 168);
}

// Global unicast addresses are those in 2000::/3 (IANA's registry of RFC 4291, section 2.4).
bool is_of_internet(const Ipv6& address) { return (address[0] & 0xE000U) == 0x2000; }

std::string network_of(const Ipv4& address) {
  std::string network;
  for (std::size_t i = 0; i < 3; ++i) {
    text::append_natural(network, address[i]);
    network.push_back('.');
  }
  return network.append("0/24");
}

std::string network_of(const Ipv6& address) {
  std::string network;
  for (std::size_t i = 0; i < 4; ++i) {
    // The last eight bits of the fourth group are the customer's own.
    const std::uint16_t group =
        i == 3 ? static_cast<std::uint16_t>(address[i] & 0xFF00U) : address[i];
    const std::array<char, 2> bytes = {static_cast<char>(group >> 8),
                                       static_cast<char>(group & 0xFFU)};
    network.append(text::encode_hex({bytes.data(), bytes.size()})).push_back(':');
  }
  return network.append(":/56");
}

// An IPv4 address as IPv6: ::ffff:203.0.113.9.
std::optional<Ipv4> mapped_ipv4(const Ipv6& address) {
  for (std::size_t i = 0; i < 5; ++i) {
    if (address[i] != 0) return std::nullopt;
  }
  if (address[5] != 0xFFFF) return std::nullopt;
  const auto byte = [](std::uint16_t group, int shift) {
    return static_cast<std::uint8_t>(group >> shift & 0xFFU);
  };
  return Ipv4{byte(address[6], 8), byte(address[6], 0), byte(address[7], 8), byte(address[7], 0)};
}

// The address without port, brackets and zone.
std::string_view bare(std::string_view text) {
  text = text::trim(text);
  if (text.starts_with('[')) {
    text.remove_prefix(1);
    text = text.substr(0, text.find(']'));
  } else if (const auto colon = text.find(':');
             colon != std::string_view::npos &&
             text.find(':', colon + 1) == std::string_view::npos) {
    text = text.substr(0, colon);
  }
  return text.substr(0, text.find('%'));
}

}  // namespace

std::optional<std::string> network_prefix(std::string_view address) {
  const auto text = bare(address);
  auto ipv4 = parse_ipv4(text);
  const auto ipv6 = ipv4 ? std::nullopt : parse_ipv6(text);
  if (ipv6) ipv4 = mapped_ipv4(*ipv6);
  if (ipv4 && is_of_internet(*ipv4)) return network_of(*ipv4);
  if (ipv6 && is_of_internet(*ipv6)) return network_of(*ipv6);
  return std::nullopt;
}

}  // namespace fabula::http

#include "shared/api/location.hpp"

#include <array>
#include <optional>

#include "shared/http/percent_encoding.hpp"
#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"

namespace fabula::api {
namespace {

constexpr int kCreatedStatus = 201;
constexpr int kAcceptedStatus = 202;

// The text in a JSON string or number.
std::optional<std::string> text_of(std::string_view value) {
  if (value.empty() || value == "null") return std::nullopt;
  if (auto text = json::string_value(value)) return text;
  return std::string(value);
}

std::optional<std::string> value_of(std::string_view name, std::string_view body,
                                    const std::vector<http::Capture>& captures) {
  std::array member = {json::RawMember{.key = name}};
  if (json::find_raw_members(body, member)) {
    if (auto text = text_of(member[0].value)) return text;
  }
  for (const auto& capture : captures) {
    if (capture.name == name) return capture.value;
  }
  return std::nullopt;
}

std::optional<std::string> fill(std::string_view pattern, std::string_view body,
                                const std::vector<http::Capture>& captures) {
  std::string path;
  while (!pattern.empty()) {
    const auto begin = pattern.find('{');
    path.append(pattern.substr(0, begin));
    if (begin == std::string_view::npos) break;
    const auto end = pattern.find('}', begin);
    const auto value = value_of(pattern.substr(begin + 1, end - begin - 1), body, captures);
    if (!value) return std::nullopt;
    path.append(http::percent_encode(*value));
    pattern.remove_prefix(end + 1);
  }
  return path;
}

void complete_status_url(std::string& body, std::string_view server_url) {
  std::array member = {json::RawMember{.key = "status_url"}};
  if (!json::find_raw_members(body, member) || !member[0].value.starts_with("\"/")) return;
  const auto begin = static_cast<std::size_t>(member[0].value.data() - body.data()) + 1;
  std::string prefix;
  json::append_string_contents(prefix, server_url);
  body.insert(begin, prefix);
}

}  // namespace

void complete_location(http::Response& response, std::string_view pattern,
                       const std::vector<http::Capture>& captures, std::string_view server_url) {
  const int status = response.head.status;
  if (pattern.empty() || (status != kCreatedStatus && status != kAcceptedStatus)) return;
  if (const auto path = fill(pattern, response.body, captures)) {
    response.head.headers.set("location", std::string(server_url).append(*path));
  }
  complete_status_url(response.body, server_url);
}

}  // namespace fabula::api

#include "shared/api/envelope.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/database/rpc.hpp"
#include "shared/http/token.hpp"
#include "shared/json/scanner.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/split.hpp"

namespace fabula::api {
namespace {

constexpr int kNotModified = 304;

std::string_view opaque_tag(std::string_view tag) {
  tag = text::trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') return {};
  return tag.substr(1, tag.size() - 2);
}

}  // namespace

bool names_etag(std::string_view header, std::string_view etag) {
  if (text::trim(header) == "*") return true;
  text::Splitter tags(header, ',');
  while (const auto tag = tags.next()) {
    if (const auto opaque = opaque_tag(*tag); !opaque.empty() && opaque == etag) return true;
  }
  return false;
}

Result<std::string> single_etag(std::string_view if_match) {
  if (text::trim(if_match) == "*") return {};
  const auto tag = opaque_tag(if_match);
  const auto is_in_tags = [](char c) { return http::is_visible_ascii(c) && c != '"'; };
  if (tag.empty() || !std::all_of(tag.begin(), tag.end(), is_in_tags)) {
    return problem(ErrorCode::invalid_request,
                   "The header If-Match must be one ETag as an answer gave it, with its quotes.");
  }
  return std::string(tag);
}

Result<http::Response> response_of_envelope(std::string_view envelope,
                                            std::optional<std::string_view> if_none_match) {
  std::array members = {
      json::RawMember{.key = "body"},  json::RawMember{.key = "status"},
      json::RawMember{.key = "total"}, json::RawMember{.key = "content_range"},
      json::RawMember{.key = "etag"},  json::RawMember{.key = "is_replayed"},
  };
  if (!json::find_raw_members(envelope, members) || members[0].value.empty()) {
    return database::unexpected_answer("the engine function");
  }
  const auto& [body, status, total, content_range, etag, is_replayed] = members;
  http::Response response;
  auto& headers = response.head.headers;
  if (const auto code = text::parse_natural(status.value)) {
    response.head.status = static_cast<int>(*code);
  }
  // Caches must revalidate with the ETag, and with the same credentials.
  headers.set("cache-control", etag.value.empty() ? "no-store" : "private, no-cache");
  headers.set("vary", "Authorization");
  if (!total.value.empty() && total.value != "null")
    headers.set("x-total-count", std::string(total.value));
  if (is_replayed.value == "true") headers.set("idempotent-replayed", "true");
  if (auto range = json::string_value(content_range.value)) {
    headers.set("content-range", *std::move(range));
  }
  if (const auto tag = json::string_value(etag.value)) {
    headers.set("etag", std::string("\"").append(*tag).append("\""));
    if (if_none_match && names_etag(*if_none_match, *tag)) {
      response.head.status = kNotModified;
      return response;
    }
  }
  headers.set("content-type", "application/json");
  response.body = body.value;
  return response;
}

}  // namespace fabula::api

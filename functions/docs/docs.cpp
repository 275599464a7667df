#include "functions/docs/docs.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/envelope.hpp"
#include "shared/api/page.hpp"
#include "shared/api/server_url.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::docs_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr int kNotModified = 304;

std::string server_url(const Call& call) {
  return api::server_url(call.url(), call.head().headers, call.settings().supabase_url);
}

// FNV-1a of 64 bits: enough to notice that a text has changed.
std::string etag_of(std::string_view text) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  std::string tag;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) tag += kDigits[hash >> shift & 15];
  return tag;
}

// A text that is the same until the next deployment: kept by whoever has it, and asked for again.
Task<Result<void>> send_text(Call& call, std::string body, std::string_view content_type,
                             std::string_view policy) {
  http::Response response;
  const auto etag = etag_of(body);
  auto& headers = response.head.headers;
  headers.set("etag", '"' + etag + '"');
  headers.set("cache-control", "no-cache");
  const auto known = call.head().headers.find("if-none-match");
  if (known && api::names_etag(*known, etag)) {
    response.head.status = kNotModified;
  } else {
    headers.set("content-type", std::string(content_type));
    headers.set("x-content-type-options", "nosniff");
    if (!policy.empty()) headers.set("content-security-policy", std::string(policy));
    response.body = std::move(body);
  }
  co_await call.send(std::move(response));
  co_return {};
}

Task<Result<void>> read_document(Call& call, const Match&) {
  co_await send_text(call, api::openapi_document(api::kGroups, server_url(call)),
                     "application/json", {});
  co_return {};
}

Task<Result<void>> read_page(Call& call, const Match&) {
  // Relative, so that it holds below any prefix.
  const std::string_view document_url =
      call.url().path.ends_with('/') ? "openapi.json" : "docs/openapi.json";
  co_await send_text(call, api::reference_page(api::kGroups, server_url(call), document_url),
                     "text/html; charset=utf-8", api::kPagePolicy);
  co_return {};
}

constexpr std::array kRoutes{
    engine::route<api::docs::kReadPage>(&read_page),
    engine::route<api::docs::kReadDocument>(&read_document),
    engine::route<api::docs::kHealth>(&engine::health),
};

}  // namespace

Task<void> handle(runtime::Context& context) { return engine::serve(context, "docs", kRoutes); }

}  // namespace fabula::docs_function

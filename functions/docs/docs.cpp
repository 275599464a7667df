#include "functions/docs/docs.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "generated/docs_page.hpp"
#include "generated/openapi_document.hpp"
#include "shared/api/endpoints/docs.hpp"
#include "shared/api/envelope.hpp"
#include "shared/api/server_url.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::docs_function {
namespace {

using engine::Call;
using engine::Match;
using runtime::Task;

constexpr int kNotModified = 304;

// The page may load this server's files, and call only this server. Swagger UI sets styles on
// elements and has its icons as `data:`.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'";

// The placeholder in kPage for the folder to which its links are relative.
constexpr std::string_view kBasePlace = "{{base}}";
constexpr auto kBaseAt = kPage.find(kBasePlace);
static_assert(kBaseAt != std::string_view::npos);

template <std::size_t N>
std::string_view view(const char (&text)[N]) {
  return {text, N};
}

std::string document(const Call& call) {
  std::string out(view(kDocumentBeforeServerUrl));
  json::append_string_contents(
      out, api::server_url(call.url(), call.head().headers, call.settings().supabase_url));
  out += view(kDocumentAfterServerUrl);
  return out;
}

std::string page(const Call& call) {
  std::string out(kPage.substr(0, kBaseAt));
  // Relative, so that it works below any prefix.
  out += call.url().path.ends_with('/') ? "./" : "docs/";
  out += kPage.substr(kBaseAt + kBasePlace.size());
  return out;
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

// A text that changes only with a deployment: clients keep it and revalidate it.
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
  co_await send_text(call, document(call), "application/json", {});
  co_return {};
}

Task<Result<void>> read_page(Call& call, const Match&) {
  co_await send_text(call, page(call), "text/html; charset=utf-8", kPagePolicy);
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

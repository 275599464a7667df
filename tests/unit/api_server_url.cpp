#include "shared/api/server_url.hpp"

#include <doctest/doctest.h>

using namespace fabula;

namespace {

std::string server(std::string_view url, std::initializer_list<http::Header> headers = {}) {
  http::Headers sent;
  for (const auto& header : headers) sent.add(header.name, header.value);
  return api::server_url(*http::parse_url(url), sent, "https://x.supabase.co");
}

}  // namespace

TEST_CASE("the server is where the request was sent") {
  CHECK(server("http://127.0.0.1:54321/functions/v1/docs") ==
        "http://127.0.0.1:54321/functions/v1");
  CHECK(server("https://fabula.example/docs/openapi.json") == "https://fabula.example");
  CHECK(server("https://fabula.example:8443/functions/v1x/docs") == "https://fabula.example:8443");
  CHECK(server("http://[::1]:8080/functions/v1/docs/") == "http://[::1]:8080/functions/v1");
}

TEST_CASE("a proxy says where it was asked, if it says it right") {
  CHECK(server("http://127.0.0.1:5/functions/v1/docs",
               {{"x-forwarded-host", "a.example"}, {"x-forwarded-proto", "https"}}) ==
        "https://a.example/functions/v1");
  CHECK(server("http://127.0.0.1:5/docs", {{"x-forwarded-host", "a.example:81"}}) ==
        "http://a.example:81");
  for (const char* host : {"", "a b", "u@a", "a/../b\"", "a,b"}) {
    CHECK(server("http://127.0.0.1:5/docs", {{"x-forwarded-host", host}}) == "http://127.0.0.1:5");
  }
  CHECK(server("http://127.0.0.1:5/docs",
               {{"x-forwarded-host", "a.example"}, {"x-forwarded-proto", "javascript"}}) ==
        "http://127.0.0.1:5");
}

TEST_CASE("Supabase takes the prefix off, which callers still write") {
  CHECK(server("https://x.supabase.co/docs") == "https://x.supabase.co/functions/v1");
  CHECK(server("https://x.functions.supabase.co/docs") == "https://x.functions.supabase.co");
  CHECK(server("http://edge-runtime.supabase.com/docs") == "https://x.supabase.co/functions/v1");
  CHECK(server("http://inside:8081/docs", {{"x-forwarded-host", "127.0.0.1:54321"},
                                           {"x-forwarded-prefix", "/functions/v1/"}}) ==
        "http://127.0.0.1:54321/functions/v1");
}

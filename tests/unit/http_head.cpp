#include "shared/http/head.hpp"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/mutations.hpp"

using namespace fabula;

TEST_CASE("a request's head is read, and its headers are found in any case") {
  const auto head = http::parse_request_head(
      "POST https://a.example/functions/v1/chat?x=1\nContent-Type: application/json\n"
      "x-empty:\naccept:  text/event-stream \t\n");
  REQUIRE(head);
  CHECK(head->method == "POST");
  CHECK(head->url == "https://a.example/functions/v1/chat?x=1");
  CHECK(head->headers.size() == 3);
  CHECK(head->headers.find("content-TYPE") == "application/json");
  CHECK(head->headers.find("x-empty") == "");
  CHECK(head->headers.find("accept") == "text/event-stream");
  CHECK_FALSE(head->headers.find("content"));
}

TEST_CASE("a response's head is read") {
  const auto head = http::parse_response_head("429\nretry-after: 3\n");
  REQUIRE(head);
  CHECK(head->status == 429);
  CHECK(head->headers.find("Retry-After") == "3");
  CHECK(http::parse_response_head("200\n")->headers.empty());
}

TEST_CASE("header values may hold colons and any characters but CR, LF and NUL") {
  const auto head = http::parse_response_head("200\nlocation: http://a:1/\nx: caf\u00E9\n");
  REQUIRE(head);
  CHECK(head->headers.find("location") == "http://a:1/");
  CHECK(head->headers.find("x") == "caf\u00E9");
}

TEST_CASE("a head that breaks the rules is the host's fault") {
  for (const std::string_view bad :
       {"", "GET", "GET\n", "GET http://a", "GET http://a \n", " http://a\n", "GET  http://a\n",
        "G(T http://a\n", "GET http://a\nname\n", "GET http://a\nname: x", "GET http://a\n: x\n",
        "GET http://a\nna me: x\n", "GET http://a\nname: a\rb\n", "GET http://a\n\n",
        "GET http://\u00E9\n", "GET http://a\n name: x\n"}) {
    CAPTURE(bad);
    const auto head = http::parse_request_head(bad);
    REQUIRE_FALSE(head);
    CHECK(head.error().code == ErrorCode::internal_error);
    CHECK_FALSE(head.error().cause.empty());
  }
  CHECK_FALSE(http::parse_request_head(std::string_view("GET http://a\nx: a\0b\n", 20)));
  for (const std::string_view bad :
       {"", "200", "20\n", "2000\n", "-20\n", "20x\n", " 200\n", "200 OK\n", "200\nx\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(http::parse_response_head(bad));
  }
}

TEST_CASE("setting a header replaces all of that name and adding keeps them") {
  http::Headers headers;
  headers.add("Vary", "a");
  headers.add("VARY", "b");
  CHECK(headers.size() == 2);
  CHECK(headers.find("vary") == "a");
  headers.set("vary", "c");
  CHECK(headers.size() == 1);
  CHECK(headers.find("vary") == "c");
  CHECK(headers.begin()->name == "vary");
}

TEST_CASE("heads are written as they are read") {
  http::RequestHead request{"POST", "https://a.example/rest/v1/rpc/x", {}};
  request.headers.set("apikey", "sb_secret_x");
  CHECK(http::serialize(request) == "POST https://a.example/rest/v1/rpc/x\napikey: sb_secret_x\n");
  http::ResponseHead response{204, {}};
  response.headers.set("X-Empty", "");
  CHECK(http::serialize(response) == "204\nx-empty: \n");
}

TEST_CASE("nothing that could smuggle a line is written") {
  for (const std::string_view bad : {"a\nb", "a\rb", "\n", "caf\u00E9", "\x7F", "\x01"}) {
    CAPTURE(bad);
    http::ResponseHead response;
    response.headers.set("x", std::string(bad));
    const auto text = http::serialize(response);
    REQUIRE_FALSE(text);
    CHECK(text.error().cause.find(bad) == std::string::npos);
    CHECK_FALSE(http::serialize(http::RequestHead{"GET", "http://a/" + std::string(bad), {}}));
    CHECK_FALSE(http::serialize(http::RequestHead{"GET" + std::string(bad), "http://a/", {}}));
    http::ResponseHead named;
    named.headers.set("x" + std::string(bad), "");
    CHECK_FALSE(http::serialize(named));
  }
  http::ResponseHead nul;
  nul.headers.set("x", std::string(1, '\0'));
  CHECK_FALSE(http::serialize(nul));
  CHECK_FALSE(http::serialize(http::RequestHead{"GET", "http://a b/", {}}));
  CHECK_FALSE(http::serialize(http::RequestHead{"GET", "", {}}));
  CHECK_FALSE(http::serialize(http::ResponseHead{99, {}}));
  CHECK_FALSE(http::serialize(http::ResponseHead{600, {}}));
}

TEST_CASE("whatever head is read and can be written is read again as itself") {
  tests::Mutations mutations({"GET http://a/b?c=d\naccept: */*\nx-a: b, c\n", "200\nx: y\nz: \n"});
  int written = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const auto text = mutations.next();
    if (const auto request = http::parse_request_head(text)) {
      const auto first = http::serialize(*request);
      if (!first) continue;
      ++written;
      REQUIRE(http::serialize(*http::parse_request_head(*first)) == *first);
    }
    if (const auto response = http::parse_response_head(text)) {
      const auto first = http::serialize(*response);
      if (!first) continue;
      ++written;
      REQUIRE(http::serialize(*http::parse_response_head(*first)) == *first);
    }
  }
  CHECK(written > 1000);
}

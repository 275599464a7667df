// FABULA_TOOLS: which tools can be used, and where their calls may go.
#include "shared/tools/operator_tool.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "shared/json/document.hpp"

using namespace fabula;
using tools::OperatorTool;

namespace {

constexpr std::string_view kHosts = "tools.example";

std::string setting(std::string_view name, std::string_view url, std::string_view more = {}) {
  return R"([{"name":")" + std::string(name) + R"(","url":")" + std::string(url) +
         R"(","parameters":{"type":"object"})" + std::string(more) + "}]";
}

void check_refused(std::string_view text, std::string_view hosts = kHosts,
                   bool is_development = false) {
  CAPTURE(text);
  const auto read = tools::parse_operator_tools(text, hosts, is_development);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == ErrorCode::internal_error);
  CHECK(read.error().detail.find("FABULA_TOOLS") == std::string::npos);
  CHECK(read.error().cause.find("FABULA_TOOLS") != std::string::npos);
}

bool is_taken(std::string_view text, std::string_view hosts, bool is_development) {
  return tools::parse_operator_tools(text, hosts, is_development).has_value();
}

}  // namespace

TEST_CASE("without the setting there are no tools") {
  for (const std::string_view none : {"", "[]"}) {
    const auto read = tools::parse_operator_tools(none, "", false);
    REQUIRE(read);
    CHECK(read->empty());
  }
}

TEST_CASE("a tool is offered as it is written") {
  const auto read = tools::parse_operator_tools(
      R"([{"name":"dice","description":"Rolls dice.","url":"https://tools.example/dice",)"
      R"("parameters":{"type":"object","properties":{"sides":{"type":"integer"}}},)"
      R"("headers":{"X-Key":"secret"}},)"
      R"({"name":"moon","url":"https://tools.example/moon","parameters":{"type":"object"}}])",
      kHosts, false);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  const OperatorTool& dice = read->front();
  CHECK(dice.url == "https://tools.example/dice");
  CHECK(dice.headers.find("x-key") == "secret");
  const auto offered = dice.offered();
  CHECK(offered.name == "dice");
  CHECK(offered.description == "Rolls dice.");
  CHECK(*json::parse(offered.parameters) ==
        *json::parse(R"({"type":"object","properties":{"sides":{"type":"integer"}}})"));
  CHECK((*read)[1].description.empty());
}

TEST_CASE("calls go by https to hosts that are named, and in development by http too") {
  CHECK(is_taken(setting("a", "https://tools.example/x"), kHosts, false));
  check_refused(setting("a", "https://other.example/x"));
  check_refused(setting("a", "https://tools.example.evil.example/x"));
  check_refused(setting("a", "https://tools.example@evil.example/x"));
  check_refused(setting("a", "http://tools.example/x"));
  CHECK(is_taken(setting("a", "http://tools.example/x"), kHosts, true));
  check_refused(setting("a", "ftp://tools.example/x"));
  check_refused(setting("a", "/x"));
  check_refused(setting("a", ""));
  const auto local = setting("a", "http://127.0.0.1:7000/x");
  CHECK(is_taken(local, "127.0.0.1:7000", true));
  check_refused(local, "127.0.0.1:7000", false);
}

TEST_CASE("what is no list of tools is refused") {
  for (const std::string_view bad : {"dice", "{}", "[", "[7]", "[{}]", "[null]"}) {
    check_refused(bad);
  }
  constexpr std::string_view kUrl = "https://tools.example/x";
  for (const std::string_view name : {"", "a b", "a.b", "é", "a/b"}) {
    check_refused(setting(name, kUrl));
  }
  check_refused(setting(std::string(65, 'a'), kUrl));
  CHECK(is_taken(setting(std::string(64, 'a'), kUrl), kHosts, false));
  check_refused(R"([{"name":"a","url":"https://tools.example/x"}])");
  check_refused(R"([{"name":"a","url":"https://tools.example/x","parameters":{"type":"array"}}])");
  check_refused(R"([{"name":"a","url":"https://tools.example/x","parameters":"{}"}])");
}

TEST_CASE("headers are texts with names that can be sent") {
  constexpr std::string_view kUrl = "https://tools.example/x";
  CHECK(is_taken(setting("a", kUrl, R"(,"headers":null)"), kHosts, false));
  CHECK(is_taken(setting("a", kUrl, R"(,"headers":{})"), kHosts, false));
  check_refused(setting("a", kUrl, R"(,"headers":[])"));
  check_refused(setting("a", kUrl, R"(,"headers":{"x":7})"));
  check_refused(setting("a", kUrl, R"(,"headers":{"x y":"a"})"));
  check_refused(setting("a", kUrl, R"(,"headers":{"":"a"})"));
}

TEST_CASE("names are unique, tools at most 32") {
  const auto many = [](int count) {
    std::string text = "[";
    for (int i = 0; i < count; ++i) {
      if (i > 0) text += ",";
      text += R"({"name":"t)" + std::to_string(i) +
              R"(","url":"https://tools.example/x","parameters":{"type":"object"}})";
    }
    return text + "]";
  };
  CHECK(is_taken(many(32), kHosts, false));
  check_refused(many(33));
  check_refused(R"([{"name":"a","url":"https://tools.example/x","parameters":{"type":"object"}},)"
                R"({"name":"a","url":"https://tools.example/y","parameters":{"type":"object"}}])");
}

TEST_CASE("a tool may not take the name of one of the dossier's") {
  for (const std::string_view name :
       {"read_dossier", "look_up_character", "propose_dossier_change"}) {
    check_refused(setting(name, "https://tools.example/x"));
  }
}

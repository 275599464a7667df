#include "shared/chat/request.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/text/blank.hpp"

using namespace fabula;

namespace {

constexpr std::string_view kId = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9";

Result<chat::ChatRequest> parse(std::string_view json) {
  const auto document = json::parse(json);
  REQUIRE(document);
  return chat::parse_request(*document);
}

// The paths at fault, in order, after the code: "invalid_request: text protocol".
std::string faults(std::string_view json) {
  const auto request = parse(json);
  if (request) return "none";
  std::string text = std::string(facts(request.error().code).name) + ":";
  for (const auto& error : request.error().errors) {
    CHECK_FALSE(error.message.empty());
    text += " " + (error.path.empty() ? std::string("(body)") : error.path);
  }
  return text;
}

std::string with_text(std::string_view text) {
  return R"({"text":)" + json::dump(json::Document(text)) + "}";
}

}  // namespace

TEST_CASE("a message alone is enough") {
  const auto request = parse(R"({"text":"  Once \n"})");
  REQUIRE(request);
  CHECK(request->text == "  Once \n");
  CHECK_FALSE(request->session_id);
  CHECK_FALSE(request->project_id);
  CHECK_FALSE(request->user_id);
  CHECK(request->protocol == chat::Protocol::fabula);
}

TEST_CASE("ids are taken in either case and given in lower case") {
  const auto request =
      parse(R"({"text":"a","session_id":"0B1C2D3E-4F50-4617-8293-A4B5C6D7E8F9",)"
            R"("project_id":"0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9",)"
            R"("user_id":"0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9","protocol":"fabula"})");
  REQUIRE(request);
  CHECK(request->session_id == kId);
  CHECK(request->project_id == kId);
  CHECK(request->user_id == kId);
}

TEST_CASE("null is absent and unknown fields are ignored") {
  CHECK(faults(R"({"text":"a","session_id":null,"project_id":null,"user_id":null,"protocol":null,)"
               R"("temperature":{"x":[1]}})") == "none");
}

TEST_CASE("every fault is reported with its path") {
  CHECK(faults("{}") == "invalid_request: text");
  CHECK(faults(R"({"text":null})") == "invalid_request: text");
  CHECK(faults(R"({"text":7})") == "invalid_request: text");
  CHECK(faults(R"({"text":"a","protocol":"ag-ui"})") == "invalid_request: protocol");
  CHECK(faults(R"({"text":"a","session_id":7})") == "invalid_request: session_id");
  CHECK(faults(R"({"text":[],"session_id":1,"project_id":"x","user_id":true,"protocol":1})") ==
        "invalid_request: text session_id project_id user_id protocol");
  for (const std::string_view no_object : {"[]", "\"a\"", "1", "null"}) {
    CHECK(faults(no_object) == "invalid_request: (body)");
  }
}

TEST_CASE("only misspelt ids are an invalid id") {
  CHECK(faults(R"({"text":"a","session_id":"x","project_id":""})") ==
        "invalid_id: session_id project_id");
  CHECK(facts(ErrorCode::invalid_id).status == 400);
  CHECK(facts(ErrorCode::invalid_request).status == 422);
}

TEST_CASE("a message must say something") {
  for (const std::string_view blank :
       {"", " ", "\n\t\r\v\f ", "\u00A0\u2003\u3000", "\u200B\uFEFF"}) {
    CHECK(text::is_blank(blank));
    CHECK(faults(with_text(blank)) == "invalid_request: text");
  }
  for (const std::string_view text : {".", "\u00A0.", "物", " 🐉 ", "é"}) {
    CHECK_FALSE(text::is_blank(text));
    CHECK(faults(with_text(text)) == "none");
  }
}

TEST_CASE("a message is taken up to its limit in bytes") {
  CHECK(faults(with_text(std::string(chat::kMaximumTextBytes, 'a'))) == "none");
  CHECK(faults(with_text(std::string(chat::kMaximumTextBytes + 1, 'a'))) ==
        "invalid_request: text");
  CHECK(faults(with_text(std::string(chat::kMaximumTextBytes, ' '))) == "invalid_request: text");
}

TEST_CASE("a character that Postgres cannot store is refused at once") {
  CHECK(faults(R"({"text":"a\u0000b"})") == "invalid_request: text");
}

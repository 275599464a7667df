#include "shared/api/check.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "shared/api/endpoints/chat.hpp"
#include "shared/api/endpoints/projects.hpp"
#include "shared/api/endpoints/sessions.hpp"
#include "shared/api/endpoints/users.hpp"
#include "shared/api/expectation.hpp"

using namespace fabula;

namespace {

using api::Field;
using api::Schema;
using api::Type;

constexpr std::string_view kId = "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9";

Result<std::string> check(std::string_view text, const Schema& schema) {
  const auto document = json::parse(text);
  REQUIRE(document);
  return api::check_body(*document, schema);
}

// The code and each fault on its own line.
std::string faults(const Result<std::string>& checked) {
  if (checked) return "none";
  std::string text(facts(checked.error().code).name);
  for (const auto& error : checked.error().errors) {
    text += '\n' + error.path + ": " + error.message;
  }
  return text;
}

std::string faults(std::string_view text, const Schema& schema) {
  return faults(check(text, schema));
}

Result<std::string> query(std::string_view parameters, const Schema& schema) {
  const auto url = http::parse_url("https://a.example/sessions?" + std::string(parameters));
  REQUIRE(url);
  return api::check_query(*url, schema);
}

constexpr std::array kAttachmentFields{
    Field{.name = "url", .type = Type::url, .is_required = true, .maximum = 40},
    Field{.name = "pages", .type = Type::integer, .minimum = 1},
};
constexpr Schema kAttachment{"Attachment", "", kAttachmentFields};

constexpr std::array kEverythingFields{
    Field{.name = "attachments",
          .type = Type::array,
          .minimum = 1,
          .maximum = 2,
          .schema = &kAttachment},
    Field{.name = "cover", .type = Type::object, .schema = &kAttachment},
    Field{.name = "names", .type = Type::array},
    Field{.name = "notes", .type = Type::object, .is_nullable = true},
    Field{.name = "score", .type = Type::integer, .minimum = -5, .maximum = 5},
    Field{.name = "nick", .minimum = 2, .maximum = 3},
    Field{.name = "is_open", .type = Type::boolean},
    Field{.name = "weight", .type = Type::number, .is_nullable = true, .maximum = 2},
};
constexpr Schema kEverything{"Everything", "", kEverythingFields};

}  // namespace

TEST_CASE("what is declared is passed on, in its order; the rest is left out") {
  const auto checked =
      check(R"({"more":{"x":[1]},"session_id":"0B1C2D3E-4F50-4617-8293-A4B5C6D7E8F9",)"
            R"("text":"  Once \n","user_id":null,"protocol":"fabula"})",
            api::chat::kSay);
  REQUIRE(checked);
  CHECK(*checked ==
        R"({"text":"  Once \n","session_id":")" + std::string(kId) + R"(","protocol":"fabula"})");
}

TEST_CASE("a null is kept where it is a value, and absent elsewhere") {
  CHECK(*check(R"({"email":null,"display_name":"Ada","user_id":null})", api::users::kSave) ==
        R"({"email":null,"display_name":"Ada"})");
  CHECK(*check("{}", api::users::kSave) == "{}");
  CHECK(faults(R"({"text":null})", api::chat::kSay) ==
        "invalid_request\ntext: This field is required. Send a string of at most 200000 bytes of "
        "UTF-8 that is not blank.");
}

TEST_CASE("all faults are told at once, each with what to send") {
  CHECK(faults(R"({"session_id":7,"user_id":"x","protocol":"ag-ui"})", api::chat::kSay) ==
        "invalid_request\n"
        "text: This field is required. Send a string of at most 200000 bytes of UTF-8 that is not "
        "blank.\n"
        "session_id: Send a UUID, as an answer gave it.\n"
        "user_id: Send a UUID, as an answer gave it.\n"
        "protocol: Send \"fabula\".");
  CHECK(faults(R"({"name":7,"is_favourite":"yes","status":"done"})", api::projects::kCreate) ==
        "invalid_request\n"
        "name: Send a string of at most 200 characters that is not blank.\n"
        "is_favourite: Send true or false.\n"
        "status: Send one of \"active\", \"completed\", \"archived\".");
}

TEST_CASE("a number is within its bounds, whole or not") {
  const auto weight = [](std::string_view number) {
    return check("{\"weight\":" + std::string(number) + "}", kEverything);
  };
  for (const std::string_view number : {"0", "2", "0.75", "null"}) {
    CAPTURE(number);
    CHECK(weight(number) == "{\"weight\":" + std::string(number) + "}");
  }
  CHECK(weight("2.0"));
  for (const std::string_view number :
       {"-0.01", "2.01", "3", "1e300", "18446744073709551615", "\"1\"", "true", "[1]"}) {
    CAPTURE(number);
    CHECK(faults(weight(number)) == "invalid_request\nweight: Send a number from 0 to 2.");
  }
}

TEST_CASE("instructions are limited in bytes, whatever the language, and removed by null") {
  const auto instructions = [](std::string_view text) {
    return check("{\"instructions\":\"" + std::string(text) + "\"}", api::sessions::kUpdate);
  };
  for (const auto& [character, count] :
       {std::pair{"a", 8192}, std::pair{"ж", 4096}, std::pair{"🐉", 2048}}) {
    std::string longest;
    for (int i = 0; i < count; ++i) longest += character;
    CHECK(instructions(longest));
    CHECK(faults(instructions(longest + "a")) ==
          "invalid_request\ninstructions: Send a string of at most 8192 bytes of UTF-8 that is not "
          "blank.");
  }
  CHECK(*check(R"({"instructions":null,"model":null})", api::sessions::kUpdate) ==
        R"({"instructions":null,"model":null})");
  CHECK_FALSE(instructions("\u3000"));
}

TEST_CASE("a message may be an attachment alone") {
  const std::string attached = R"("attachments":[{"type":"text","text":"Notes"}])";
  for (const std::string text : {"", R"("text":null,)", R"("text":"",)", R"("text":" \n",)"}) {
    CAPTURE(text);
    const auto checked = check("{" + text + attached + "}", api::chat::kSay);
    REQUIRE(checked);
    CHECK(*checked == "{" + attached + "}");
  }
  CHECK(*check(R"({"text":"Look.",)" + attached + "}", api::chat::kSay) ==
        R"({"text":"Look.",)" + attached + "}");
  for (const std::string& text :
       {R"("text":7,)" + attached, R"("text":"\u0000",)" + attached,
        std::string(R"("attachments":[])"), std::string(R"("text":" ","attachments":[])"),
        std::string(R"("attachments":null)")}) {
    CAPTURE(text);
    CHECK(faults("{" + text + "}", api::chat::kSay).find("\ntext: ") != std::string::npos);
  }
}

TEST_CASE("only misspelt ids are an invalid id") {
  CHECK(faults(R"({"text":"a","session_id":"x","project_id":""})", api::chat::kSay) ==
        "invalid_id\n"
        "session_id: Send a UUID, as an answer gave it.\n"
        "project_id: Send a UUID, as an answer gave it.");
  CHECK(faults(R"({"text":" ","session_id":"x"})", api::chat::kSay).starts_with("invalid_request"));
}

TEST_CASE("a body is an object") {
  for (const std::string_view text : {"[]", "\"a\"", "1", "null", "true"}) {
    CHECK(faults(text, api::chat::kSay) == "invalid_request\n: Send a JSON object.");
  }
}

TEST_CASE("lengths are counted in characters, and where it is said so in bytes") {
  const auto title = [](std::string_view character, int count) {
    std::string text = R"({"title":")";
    for (int i = 0; i < count; ++i) text += character;
    return text + "\"}";
  };
  CHECK(faults(title("🐉", 200), api::sessions::kUpdate) == "none");
  CHECK(faults(title("🐉", 201), api::sessions::kUpdate) ==
        "invalid_request\ntitle: Send a string of at most 200 characters that is not blank.");
  CHECK(faults(title("", 0), api::sessions::kUpdate) != "none");
  const auto say = [](std::size_t bytes) {
    return R"({"text":")" + std::string(bytes - 4, 'a') + "🐉\"}";
  };
  CHECK(faults(say(200'000), api::chat::kSay) == "none");
  CHECK(faults(say(200'001), api::chat::kSay).starts_with("invalid_request\ntext: "));
}

TEST_CASE("a text that must say something is not blank") {
  for (const std::string_view blank :
       {"", " ", "\\n\\t\\r\\u000b\\f ", "\u00A0\u2003\u3000", "\u200B\uFEFF"}) {
    CHECK(faults(R"({"text":")" + std::string(blank) + "\"}", api::chat::kSay) != "none");
  }
  for (const std::string_view text : {".", "\u00A0.", "物", " 🐉 ", "é"}) {
    CHECK(faults(R"({"text":")" + std::string(text) + "\"}", api::chat::kSay) == "none");
  }
}

TEST_CASE("a character that Postgres cannot store is refused wherever it stands") {
  constexpr std::string_view kMessage =
      ": Send text without the character U+0000, which cannot be stored.";
  for (const auto& [text, path] : {std::pair(R"({"notes":{"a":[{"b":"x\u0000"}]}})", "notes"),
                                   std::pair(R"({"notes":{"a\u0000":1}})", "notes"),
                                   std::pair(R"({"names":["a","\u0000"]})", "names[1]"),
                                   std::pair(R"({"nick":"a\u0000"})", "nick")}) {
    CHECK(faults(text, kEverything) ==
          "invalid_request\n" + std::string(path) + std::string(kMessage));
  }
  CHECK(*check(R"({"notes":{"a":"\\u0000","b":[1.5,null,true,{}]}})", kEverything) ==
        R"({"notes":{"a":"\\u0000","b":[1.5,null,true,{}]}})");
}

TEST_CASE("what is nested is checked, and its faults have paths") {
  CHECK(*check(R"({"attachments":[{"url":"https://a.example/x","more":1,"pages":2}],)"
               R"("cover":{"url":"http://b.example"}})",
               kEverything) == R"({"attachments":[{"url":"https://a.example/x","pages":2}],)"
                               R"("cover":{"url":"http://b.example"}})");
  CHECK(faults(R"({"attachments":[{"url":"https://a.example"},{"pages":0}],"cover":{"url":"x"},)"
               R"("names":["a",1]})",
               kEverything) ==
        "invalid_request\n"
        "attachments[1].url: This field is required. Send a URL that begins with http:// or "
        "https:// of at most 40 characters.\n"
        "attachments[1].pages: Send a whole number of at least 1.\n"
        "cover.url: Send a URL that begins with http:// or https:// of at most 40 characters.\n"
        "names[1]: Send a string.");
  CHECK(faults(R"({"attachments":[1]})", kEverything) ==
        "invalid_request\nattachments[0]: Send an object.");
  CHECK(faults(R"({"attachments":[],"cover":[],"names":{}})", kEverything) ==
        "invalid_request\n"
        "attachments: Send an array of 1 to 2 items.\n"
        "cover: Send an object.\n"
        "names: Send an array.");
  CHECK(faults(R"({"attachments":[{},{},{}]})", kEverything) ==
        "invalid_request\nattachments: Send an array of 1 to 2 items.");
}

TEST_CASE("integers are whole numbers within their bounds, however they are written") {
  for (const std::string_view text : {"-5", "5", "0", "5.0", "1e0", "-0"}) {
    CHECK(faults(R"({"score":)" + std::string(text) + "}", kEverything) == "none");
  }
  CHECK(*check(R"({"score":4.0})", kEverything) == R"({"score":4})");
  for (const std::string_view text : {"6", "-6", "0.5", "1e300", "99999999999999999999",
                                      "18446744073709551615", "\"1\"", "true", "[1]"}) {
    CHECK(faults(R"({"score":)" + std::string(text) + "}", kEverything) ==
          "invalid_request\nscore: Send a whole number from -5 to 5.");
  }
}

TEST_CASE("an e-mail address has something on both sides of one @, a URL is of http or https") {
  const auto save = [](std::string_view name, std::string_view value) {
    return faults("{\"" + std::string(name) + "\":\"" + std::string(value) + "\"}",
                  api::users::kSave) == "none";
  };
  for (const std::string_view text : {"a@b", "ada@example.org", "jörg@müller.example"}) {
    CHECK(save("email", text));
  }
  for (const std::string_view text : {"", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\\n", "ada",
                                      "a@\u00A0", "\u0085@b", "a@b\u009F", "a\u200B@b", "a@\x7F"}) {
    CHECK_FALSE(save("email", text));
  }
  for (const std::string_view text :
       {"https://a", "http://a.example:8080/x?y=%20#z", "https://[::1]/"}) {
    CHECK(save("avatar_url", text));
  }
  for (const std::string_view text :
       {"", "https://", "https:///x", "ftp://a", "javascript:alert(1)", "https://a b", "HTTPS://a",
        "https://a/\\\"", "https://a/<", "https://ä"}) {
    CHECK_FALSE(save("avatar_url", text));
  }
}

TEST_CASE("a month is a year of this millennium and a month") {
  constexpr Field kMonth{.name = "month", .type = Type::month};
  for (const std::string_view text : {"2026-01", "2026-11", "2026-12", "2000-10"}) {
    CAPTURE(text);
    CHECK(api::takes_text(kMonth, text));
  }
  for (const std::string_view text : {"", "2026", "2026-00", "2026-13", "2026-1", "26-11",
                                      "2026/11", "2026-011", "0000-01", "2026-1a", "x026-11"}) {
    CAPTURE(text);
    CHECK_FALSE(api::takes_text(kMonth, text));
  }
  CHECK(api::expectation(kMonth) == "Send a month, such as 2026-11.");
}

TEST_CASE("of very many faults the first twenty are told") {
  std::string text = R"({"names":[)";
  for (int i = 0; i < 1000; ++i) text += "1,";
  const auto checked = check(text + "1]}", kEverything);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().errors.size() == 20);
  CHECK(checked.error().errors.back().path == "names[19]");
  CHECK(checked.error().detail ==
        "The body has faults; `errors` names each field and what it takes, the first 20 of them.");
}

TEST_CASE("a query is read from its text") {
  const std::string id = "0B1C2D3E-4F50-4617-8293-A4B5C6D7E8F9";
  CHECK(*query("limit=100&offset=0&more=1&kind=chat&project_id=" + id, api::sessions::kListQuery) ==
        R"({"limit":100,"offset":0,"project_id":")" + std::string(kId) + R"(","kind":"chat"})");
  CHECK(*query("is_favourite=false", api::projects::kListQuery) == R"({"is_favourite":false})");
  CHECK(*query("", api::projects::kListQuery) == "{}");
}

TEST_CASE("faults of a query are named like those of a body") {
  const auto checked = query("limit=101&offset=-1&kind=", api::sessions::kListQuery);
  CHECK(faults(checked) ==
        "invalid_request\n"
        "limit: Send a whole number from 1 to 100.\n"
        "offset: Send a whole number from 0 to 1000000.\n"
        "kind: Send one of \"chat\", \"relay\", \"companion\", \"realtime\".");
  CHECK(checked.error().detail ==
        "The query has faults; `errors` names each field and what it takes.");
  for (const std::string_view text :
       {"", "x", "1x", "1.5", "+1", "0x1", "%201", "1e1", "99999999999999999999", "0"}) {
    CHECK(faults(query("limit=" + std::string(text), api::sessions::kListQuery)) != "none");
  }
  CHECK(faults(query("is_favourite=1", api::projects::kListQuery)) ==
        "invalid_request\nis_favourite: Send true or false.");
  CHECK(faults(query("limit=1&limit=1", api::sessions::kListQuery)) ==
        "invalid_request\nlimit: Send this parameter once.");
  CHECK(faults(query("project_id=x", api::sessions::kListQuery)) ==
        "invalid_id\nproject_id: Send a UUID, as an answer gave it.");
}

TEST_CASE("a path's ids become members: UUIDs, and the names that callers give to streams") {
  std::string members = "{";
  REQUIRE(api::append_path_ids(
      members, {{"session_id", "0B1C2D3E-4F50-4617-8293-A4B5C6D7E8F9"}, {"stream_id", "a\"b"}}));
  CHECK(members == R"({"session_id":")" + std::string(kId) + R"(","stream_id":"a\"b",)");
  const auto refused = api::append_path_ids(members, {{"session_id", "x"}, {"message_id", ""}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid_id);
  CHECK(refused.error().errors.size() == 2);
  CHECK(refused.error().errors[1].path == "message_id");
}

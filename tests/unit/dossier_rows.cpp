// How rows of a log are read (parse_rows): the handling of odd ones. Whole bodies: dossier_hostile.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "shared/dossier/log/entry.hpp"

namespace {

using namespace fabula;
using dossier::parse_rows;

const std::string kId(64, 'a');
const std::string kIdMember = R"("assertion_id":")" + kId + R"(")";
constexpr std::string_view kBody =
    R"("body":{"do":"set","at":5,"target":"story","field":"title","value":"A"})";

std::string row(std::string_view members) { return "{" + std::string(members) + "}"; }
std::string usual() {
  return row(R"("position":3,"kind":"user","message_id":"m",)" + kIdMember + "," +
             std::string(kBody));
}

// The one entry of rows that have one and no other row.
dossier::Entry only(const std::string& members) {
  const auto rows = parse_rows("[" + row(members) + "]");
  REQUIRE(rows);
  CHECK(rows->unreadable == 0);
  REQUIRE(rows->entries.size() == 1);
  return rows->entries.front();
}

bool is_unreadable(const std::string& members) {
  const auto rows = parse_rows("[" + row(members) + "," + usual() + "]");
  REQUIRE(rows);
  return rows->unreadable == 1 && rows->entries.size() == 1 && rows->entries.front().text == "A" &&
         rows->last_position >= 3;
}

}  // namespace

TEST_CASE("a row's members may come in any order, and of two with one name the last counts") {
  const std::string body(kBody);
  const auto first = only(R"("kind":"user",)" + body + "," + kIdMember);
  CHECK(first.text == "A");
  CHECK(first.at == 5);
  CHECK(first.message_id.empty());
  CHECK(first.kind == dossier::EntryKind::user);
  CHECK(dossier::digest_text(first.id) == kId);
  const auto last =
      only(body + R"(,"body":{"do":"set","target":"story","field":"genre","value":null},)" +
           R"("kind":"path","kind":"user","message_id":7,"message_id":"m",)" + kIdMember);
  CHECK(last.field == "genre");
  CHECK(last.text.empty());
  CHECK_FALSE(last.has_value);
  CHECK(last.at == 0);
  CHECK(last.message_id == "m");
  CHECK(only(body + R"(,"kind":"user","unknown":[{"body":1}],)" + kIdMember).text == "A");
}

TEST_CASE("escapes in a row's names and texts are read, a body's names are as they stand") {
  const auto entry = only(
      R"("b\u006fdy":{"do":"s\u0065t","target":"st\u006fry","field":"title","value":"\ud83e\udd8a",)"
      R"("\u0061t":9},"kind":"us\u0065r","message_id":"\u006d",)" +
      kIdMember);
  CHECK(entry.act == dossier::Act::set);
  CHECK(entry.target == dossier::kSubject);
  CHECK(entry.text == "\U0001F98A");
  CHECK(entry.at == 0);
  CHECK(entry.message_id == "m");
}

TEST_CASE("a row that is no entry leaves the others as they are") {
  const std::string body(kBody);
  const std::string kind = R"("kind":"user")";
  CHECK(is_unreadable(""));
  CHECK(is_unreadable(kind + "," + kIdMember));
  CHECK(is_unreadable(kind + "," + body));
  CHECK(is_unreadable(kIdMember + "," + body));
  CHECK(is_unreadable(R"("kind":null,)" + kIdMember + "," + body));
  CHECK(is_unreadable(R"("kind":["user"],)" + kIdMember + "," + body));
  CHECK(is_unreadable(kind + R"(,"assertion_id":"AB",)" + body));
  CHECK(is_unreadable(kind + R"(,"message_id":5,)" + kIdMember + "," + body));
  for (const std::string_view other : {"null", "[]", "\"x\"", "1", "[{\"do\":\"set\"}]"}) {
    CAPTURE(other);
    CHECK(is_unreadable(kind + "," + kIdMember + R"(,"body":)" + std::string(other)));
    CHECK(is_unreadable(kind + "," + kIdMember + "," + body + R"(,"body":)" + std::string(other)));
  }
}

TEST_CASE("positions that are no whole number count as none") {
  const auto last = [](std::string_view position) {
    const auto rows = parse_rows(R"([{"position":)" + std::string(position) + "}]");
    return rows ? rows->last_position : -1;
  };
  CHECK(last("12") == 12);
  CHECK(last("\"12\"") == 0);
  CHECK(last("1.5") == 0);
  CHECK(last("99999999999999999999") == 0);
  CHECK(last("-4") == 0);
  CHECK(last("1e999") == -1);
}

TEST_CASE("rows that are no array of objects are refused as a whole") {
  const auto code = [](const std::string& rows) { return parse_rows(rows).error().code; };
  CHECK(code("[" + usual() + ",7]") == ErrorCode::invalid_request);
  CHECK(code("[[" + usual() + "]]") == ErrorCode::invalid_request);
  for (const auto& broken :
       {std::string(), std::string("null"), usual(), "[" + usual(), "[" + usual() + "]]",
        "[" + usual() + ",]", "[7," + usual().substr(0, 100) + "]",
        "[" + row(R"("body":{"value":"\ud800"})") + "]",
        "[" + row(R"("body":)" + std::string(70, '[') + std::string(70, ']')) + "]"}) {
    CAPTURE(broken);
    CHECK(code(broken) == ErrorCode::malformed_json);
  }
  const auto none = parse_rows(" [ ] ");
  REQUIRE(none);
  CHECK(none->entries.empty());
  CHECK(none->last_position == 0);
}

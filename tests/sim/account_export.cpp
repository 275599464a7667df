// The export of an account: page after page, whatever becomes of the database, the client or the
// time.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "functions/users/users.hpp"
#include "shared/http/head.hpp"
#include "shared/text/split.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::ScriptedDatabase;
using Fault = ScriptedDatabase::Fault;

namespace {

struct Exporting : ChatWorld {
  int pages = 3;
  std::vector<std::string> asked;  // the cursors, "" for the beginning

  Exporting() : ChatWorld(1) {
    database.functions["export_page"] = [this](const json::Document& request) {
      const std::string after(json::string_at(request, "after").value_or(""));
      asked.push_back(after);
      const int page = after.empty() ? 1 : std::stoi(after) + 1;
      const std::string number = std::to_string(page);
      std::string body = R"({"lines": [{"type": "message", "data": {"n": )" + number +
                         R"(}, "cursor": ")" + number + "\"}";
      if (page >= pages)
        return ScriptedDatabase::Answer{200,
                                        body + R"(, {"type": "complete"}], "is_complete": true})"};
      return ScriptedDatabase::Answer{
          200, body + R"(], "after": ")" + number + R"(", "is_complete": false})"};
    };
  }

  sim::Client& ask(const std::string& query = "") {
    auto& client = world.call(&users_function::handle,
                              "GET http://edge/users/me/export" + query +
                                  "\nauthorization: Bearer fg_" + std::string(43, 'A') + "\n",
                              "");
    world.run();
    return client;
  }
};

std::vector<json::Document> lines_of(const sim::Client& client) {
  std::vector<json::Document> lines;
  const std::string body(client.body());
  CHECK(body.ends_with("\n"));
  text::Splitter splitter(std::string_view(body).substr(0, body.size() - 1), '\n');
  while (const auto line = splitter.next()) {
    auto document = json::parse(*line);
    REQUIRE(document);
    lines.push_back(*std::move(document));
  }
  return lines;
}

}  // namespace

TEST_CASE("an export is a file of lines, the last of which says that it is whole") {
  Exporting edge;
  const auto& client = edge.ask();
  CHECK(client.status() == 200);
  const auto head = http::parse_response_head(client.head());
  REQUIRE(head);
  CHECK(head->headers.find("content-type") == "application/x-ndjson");
  CHECK(head->headers.find("content-disposition")->starts_with("attachment"));
  const auto lines = lines_of(client);
  REQUIRE(lines.size() == 4);
  CHECK(json::string_at(lines[2], "cursor") == "3");
  CHECK(json::string_at(lines[3], "type") == "complete");
  CHECK(edge.asked == std::vector<std::string>{"", "1", "2"});
}

TEST_CASE("an export goes on after a line") {
  Exporting edge;
  CHECK(lines_of(edge.ask("?after=2")).size() == 2);
  CHECK(edge.asked == std::vector<std::string>{"2"});
  CHECK(edge.ask("?after=a%20b").status() == 422);
}

TEST_CASE("an export whose database fails says where it goes on") {
  Exporting edge;
  int calls = 0;
  edge.database.fault = [&calls](const std::string&) {
    return ++calls > 1 ? Fault::answer_503 : Fault::none;
  };
  const auto& client = edge.ask();
  CHECK(client.status() == 200);
  const auto lines = lines_of(client);
  REQUIRE(lines.size() == 2);
  CHECK(json::string_at(lines[1], "type") == "error");
  CHECK(json::string_at(lines[1], "cursor") == "1");
  CHECK(json::string_at(*json::find(lines[1], "error"), "code") == "database_unavailable");
}

TEST_CASE("an export that cannot begin is a problem like any other") {
  for (const auto fault : {Fault::answer_503, Fault::answer_garbage}) {
    Exporting edge;
    edge.database.fault = [fault](const std::string&) { return fault; };
    CHECK(edge.ask().status() >= 500);
  }
}

TEST_CASE("a long export ends within the platform's time, and says where it goes on") {
  Exporting edge;
  edge.pages = 1'000'000;
  edge.database.latency_ms = 1'000;
  const auto lines = lines_of(edge.ask());
  CHECK(lines.size() < 120);
  CHECK(json::string_at(lines.back(), "type") == "incomplete");
  CHECK(json::string_at(lines.back(), "cursor") ==
        json::string_at(lines[lines.size() - 2], "cursor"));

  Exporting fast;
  fast.pages = 1'000'000;
  fast.world.environment["FABULA_TURN_SUBREQUESTS"] = "50";
  CHECK(lines_of(fast.ask()).size() == 26);
}

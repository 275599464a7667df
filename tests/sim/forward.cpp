// Endpoints that are a database function: their requests, and how they handle its answer and its
// faults.
#include <doctest/doctest.h>

#include <string>

#include "functions/projects/projects.hpp"
#include "shared/http/head.hpp"
#include "tests/sim/peers/chat_client.hpp"

using namespace fabula;
using fabula::tests::ChatWorld;
using fabula::tests::ScriptedDatabase;
using Fault = ScriptedDatabase::Fault;

namespace {

const std::string kGuest = "authorization: Bearer fg_" + std::string(43, 'A') + "\n";
const std::string kProject = "00000000-0000-4000-8000-0000000000aa";

struct Forwarding : ChatWorld {
  Forwarding() : ChatWorld(1) {
    database.answers = {
        {"list_projects", R"({"body":[{"name":"A"}],"total":1,"content_range":"0-0/1"})"},
        {"read_project", R"({"body":{"name":"A"},"etag":"41"})"},
        {"update_project", R"({"body":{"name":"B"},"etag":"42"})"},
        {"create_project", R"({"body":{"name":"B"},"status":201})"},
        {"answer_once", R"({"body":{"name":"B"},"status":201,"is_replayed":true})"}};
  }

  sim::Client& send(const std::string& line, const std::string& headers = kGuest,
                    std::string body = {}) {
    auto& client = world.call(&projects_function::handle, line + "\n" + headers, std::move(body));
    world.run();
    return client;
  }

  const json::Document& asked() { return database.requests.back(); }
};

std::string header(const sim::Client& client, std::string_view name) {
  const auto head = http::parse_response_head(client.head());
  REQUIRE(head);
  return std::string(head->headers.find(name).value_or(""));
}

}  // namespace

TEST_CASE("a list is asked for with its checked query, and told with its totals") {
  Forwarding edge;
  const auto& client =
      edge.send("GET http://edge/functions/v1/projects?limit=5&is_favourite=true&other=1");
  CHECK(client.status() == 200);
  CHECK(client.body() == R"([{"name":"A"}])");
  CHECK(header(client, "x-total-count") == "1");
  CHECK(*json::find(edge.asked(), "query") == *json::parse(R"({"limit":5,"is_favourite":true})"));
  CHECK(json::string_at(*json::find(edge.asked(), "principal"), "kind") == "guest");
}

TEST_CASE("ids, bodies and versions reach the database as they were checked") {
  Forwarding edge;
  const auto& client = edge.send("PATCH http://edge/projects/00000000-0000-4000-8000-0000000000AA",
                                 kGuest + "if-match: \"41\"\ncontent-type: application/json\n",
                                 R"({"name":"B","unknown":1,"phase":null})");
  CHECK(client.status() == 200);
  CHECK(header(client, "etag") == "\"42\"");
  CHECK(json::string_at(edge.asked(), "project_id") == kProject);
  CHECK(json::string_at(edge.asked(), "if_match") == "41");
  CHECK(*json::find(edge.asked(), "body") == *json::parse(R"({"name":"B"})"));
}

TEST_CASE("who has the version gets 304 and no body") {
  Forwarding edge;
  const auto& client =
      edge.send("GET http://edge/projects/" + kProject, kGuest + "if-none-match: \"41\"\n");
  CHECK(client.status() == 304);
  CHECK(client.body().empty());
}

TEST_CASE("a change whose precondition fails is not made") {
  const std::string json = kGuest + "content-type: application/json\n";
  const std::string one = "http://edge/projects/" + kProject;
  for (const std::string tag : {"*", "\"41\"", "\"7\", \"42\"", "W/\"42\""}) {
    CAPTURE(tag);
    Forwarding edge;
    const std::string headers = json + "if-none-match: " + tag + "\n";
    const auto& changed = edge.send("PATCH " + one, headers, R"({"name":"B"})");
    CHECK(changed.status() == 412);
    CHECK(changed.body().find("precondition_failed") != std::string::npos);
    CHECK(edge.send("DELETE " + one, headers).status() == 412);
    CHECK(edge.send("POST http://edge/projects", headers, R"({"name":"B"})").status() == 412);
    CHECK(edge.database.calls.empty());
  }
  Forwarding edge;
  CHECK(edge.send("POST http://edge/projects", json + "if-match: \"41\"\n", R"({"name":"B"})")
            .status() == 412);
  CHECK(edge.database.calls.empty());
  CHECK(
      edge.send("POST http://edge/projects", json + "if-match: *\n", R"({"name":"B"})").status() ==
      201);
}

TEST_CASE("nothing is asked for nobody, or for what is wrong") {
  Forwarding edge;
  CHECK(edge.send("GET http://edge/projects", "").status() == 401);
  CHECK(edge.send("GET http://edge/projects/7").status() == 400);
  CHECK(edge.send("GET http://edge/projects?limit=0").status() == 422);
  CHECK(edge.send("GET http://edge/projects", kGuest + "accept: text/html\n").status() == 406);
  CHECK(edge.send("PUT http://edge/projects").status() == 405);
  CHECK(edge.send("POST http://edge/projects", kGuest, "{}").status() == 422);
  CHECK(edge.send("POST http://edge/projects", kGuest, "{").status() == 400);
  CHECK(edge.send("POST http://edge/projects", kGuest + "content-type: text/plain\n", "{}")
            .status() == 415);
  CHECK(edge.database.calls.empty());
}

TEST_CASE("reading survives one broken connection, writing is left to the caller") {
  for (const auto kind : {Fault::refuse_connection, Fault::answer_503, Fault::lose_answer}) {
    Forwarding edge;
    int faults_left = 1;
    edge.database.fault = [&faults_left, kind](const std::string&) {
      return faults_left-- > 0 ? kind : Fault::none;
    };
    CHECK(edge.send("GET http://edge/projects/" + kProject).status() == 200);
    CHECK(edge.database.calls.size() == 2);
    faults_left = 2;
    CHECK(edge.send("GET http://edge/projects/" + kProject).status() == 503);
    faults_left = 1;
    CHECK(edge.send("POST http://edge/projects", kGuest, R"({"name":"B"})").status() == 503);
    CHECK(edge.database.calls.size() == 5);
    CHECK(edge.send("POST http://edge/projects", kGuest, R"({"name":"B"})").status() == 201);
  }
}

TEST_CASE("an answer that is no envelope is a fault of ours") {
  Forwarding edge;
  edge.database.fault = [](const std::string&) { return Fault::answer_garbage; };
  const auto& client = edge.send("GET http://edge/projects/" + kProject);
  CHECK(client.status() == 500);
  CHECK(client.body().find("html") == std::string::npos);
}

TEST_CASE("with an idempotency key the database makes something once, for what was asked") {
  const std::string json = kGuest + "content-type: application/json\n";
  const auto asked_with = [&](const std::string& headers, const std::string& body) {
    Forwarding edge;
    const auto& client = edge.send("POST http://edge/projects", json + headers, body);
    CHECK(client.status() == 201);
    CHECK(header(client, "idempotent-replayed") == (headers.empty() ? "" : "true"));
    CHECK(edge.database.calls.back() == (headers.empty() ? "create_project" : "answer_once"));
    return edge.asked();
  };
  const auto plain = asked_with("", R"({"name":"B"})");
  const auto keyed = asked_with("idempotency-key: k\n", R"({"name":"B"})");
  CHECK(json::string_at(keyed, "function") == "create_project");
  CHECK(json::string_at(keyed, "idempotency_key") == "k");
  CHECK(*json::find(keyed, "request") == plain);
  // Another form of the same request, and another request.
  const auto same = asked_with("idempotency-key: k\n", R"({ "unknown": 1, "name": "B" })");
  const auto other = asked_with("idempotency-key: k\n", R"({"name":"C"})");
  CHECK(json::string_at(same, "request_hash") == json::string_at(keyed, "request_hash"));
  CHECK(json::string_at(other, "request_hash") != json::string_at(keyed, "request_hash"));

  Forwarding edge;
  CHECK(edge.send("POST http://edge/projects", json + "idempotency-key: a b\n", R"({"name":"B"})")
            .status() == 422);
}

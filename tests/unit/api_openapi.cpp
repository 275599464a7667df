#include "shared/api/openapi.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/api/endpoints/groups.hpp"
#include "shared/api/refusals.hpp"
#include "shared/http/router.hpp"
#include "shared/http/url.hpp"
#include "shared/json/document.hpp"
#include "shared/text/ascii.hpp"
#include "shared/text/split.hpp"
#include "tests/unit/api_document.hpp"

using namespace fabula;
using namespace fabula::tests;

namespace {

json::Document operation(std::string_view path, std::string_view method) {
  return at(api_document(), {"paths", std::string(path), std::string(method)});
}

json::Document schema(std::string_view name) {
  return at(api_document(), {"components", "schemas", std::string(name)});
}

std::string text_of(const json::Document& value) { return json::dump(value); }

// Calls `visit` with each value below, and its key if it has one.
template <class Visit>
void walk(const json::Document& value, const Visit& visit, const std::string& key = {}) {
  visit(key, value);
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) walk(member, visit, name);
  } else if (value.is_array()) {
    for (const auto& item : value) walk(item, visit);
  }
}

std::vector<std::string> reference_keys(std::string_view reference) {
  REQUIRE(reference.starts_with("#/"));
  std::vector<std::string> keys;
  text::Splitter parts(reference.substr(2), '/');
  while (const auto part = parts.next()) keys.emplace_back(*part);
  return keys;
}

template <class Visit>
void each_operation(const Visit& visit) {
  for (const auto& group : api::kGroups) {
    for (const auto& operation : group.operations) visit(group, operation);
  }
}

void each_schema(const api::Schema* schema, std::map<std::string, const api::Schema*>& found) {
  if (!schema) return;
  const auto [entry, is_new] = found.emplace(schema->name, schema);
  CHECK_MESSAGE(entry->second == schema, "two schemas are named ", schema->name);
  if (!is_new) return;
  for (const auto& field : schema->fields) each_schema(field.schema, found);
}

bool is_sentence(std::string_view text) { return !text.empty() && text.ends_with('.'); }

}  // namespace

TEST_CASE("the document says what it is") {
  CHECK(at(api_document(), {"openapi"}) == "3.1.0");
  CHECK(text_of(at(api_document(), {"servers"})) ==
        R"([{"description":"This deployment.","url":"https://a.example/functions/v1"}])");
  CHECK(at(api_document(), {"info", "license", "identifier"}) == "MIT");
  std::ifstream file(FABULA_SOURCE_DIR "/package.json");
  const std::string package((std::istreambuf_iterator<char>(file)), {});
  CHECK(at(api_document(), {"info", "version"}) == at(*json::parse(package), {"version"}));
}

TEST_CASE("every operation is there, under an id of its own and its function's tag") {
  std::set<std::string> ids;
  std::size_t count = 0;
  each_operation([&](const api::OperationGroup& group, const api::Operation& declared) {
    const auto told = operation(declared.pattern, text::to_lower(declared.method));
    CAPTURE(declared.id);
    CHECK(at(told, {"operationId"}) == std::string(declared.id));
    CHECK(text_of(at(told, {"tags"})) == "[\"" + std::string(group.tag) + "\"]");
    CHECK(ids.insert(std::string(declared.id)).second);
    ++count;
  });
  std::size_t told_count = 0;
  for (const auto& path : *json::find(api_document(), "paths")) told_count += path.size();
  CHECK(told_count == count);
}

TEST_CASE("every reference leads somewhere, and everything shared is referred to") {
  std::set<std::string> used;
  walk(api_document(), [&](const std::string& key, const json::Document& value) {
    if (key != "$ref") return;
    const std::string reference = value;
    CHECK_MESSAGE(!at(api_document(), reference_keys(reference)).is_null(), reference);
    used.insert(reference);
  });
  const auto components = at(api_document(), {"components"});
  for (const auto& [kind, members] : components.items()) {
    if (kind == "securitySchemes") continue;
    for (const auto& [name, member] : members.items()) {
      CHECK_MESSAGE(used.contains("#/components/" + kind + "/" + name), kind, " ", name);
    }
  }
}

TEST_CASE("everything that is declared is described, and names stand for one schema") {
  std::map<std::string, const api::Schema*> schemas;
  each_operation([&](const api::OperationGroup& group, const api::Operation& declared) {
    CAPTURE(declared.id);
    CHECK(is_sentence(group.description));
    CHECK_FALSE(declared.summary.empty());
    CHECK_FALSE(declared.summary.ends_with('.'));
    CHECK(is_sentence(declared.answer.description));
    each_schema(declared.body, schemas);
    each_schema(declared.answer.schema, schemas);
    if (declared.body_example.empty()) return;
    const auto example = json::parse(declared.body_example);
    REQUIRE(example);
    for (const auto& field : declared.body->fields) {
      if (field.is_required) CHECK(json::find(*example, field.name));
    }
  });
  for (const auto& [name, declared] : schemas) {
    CAPTURE(name);
    CHECK(is_sentence(declared->description));
    for (const auto& field : declared->fields)
      CHECK_MESSAGE(is_sentence(field.description), field.name);
  }
}

TEST_CASE("the first route that matches a path is the one that is declared with it") {
  for (const auto& group : api::kGroups) {
    std::vector<http::Route> routes;
    for (const auto& each : group.operations) routes.push_back({each.method, each.pattern});
    for (std::size_t i = 0; i < routes.size(); ++i) {
      std::vector<std::string> segments;
      text::Splitter parts(routes[i].pattern.substr(1), '/');
      while (const auto part = parts.next()) {
        segments.emplace_back(part->starts_with('{') ? "0b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9"
                                                     : *part);
      }
      const auto match = http::match_route(routes, routes[i].method, segments);
      REQUIRE(match);
      CHECK_MESSAGE(match->index == i, routes[i].pattern);
    }
  }
}

TEST_CASE("a body's schema takes what the check takes") {
  const auto say = schema("ChatRequest");
  CHECK(text_of(at(schema("ReplyEdit"), {"required"})) == R"(["content"])");
  // The text, or something attached.
  CHECK(at(say, {"required"}).is_null());
  const auto either = at(say, {"anyOf"});
  REQUIRE(either.size() == 2);
  CHECK(text_of(at(either[0], {"required"})) == R"(["text"])");
  CHECK(at(either[0], {"properties", "text", "type"}) == "string");
  CHECK(at(either[0], {"properties", "text", "pattern"}) ==
        at(schema("ReplyEdit"), {"properties", "content", "pattern"}));
  CHECK(text_of(at(either[1], {"required"})) == R"(["attachments"])");
  CHECK(at(either[1], {"properties", "attachments", "minItems"}) == 1);
  CHECK(text_of(at(say, {"properties", "session_id"})) ==
        R"({"description":"The session to go on with; a new one is made without it.",)"
        R"("format":"uuid","pattern":"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",)"
        R"("type":["string","null"]})");
  CHECK(text_of(at(say, {"properties", "protocol"})) ==
        R"({"description":"How the stream is framed. Without it: `\"fabula\"`.",)"
        R"("enum":["fabula",null],"type":["string","null"]})");
  const auto text = at(say, {"properties", "text"});
  CHECK(text_of(at(text, {"type"})) == R"(["string","null"])");
  CHECK(at(text, {"maxLength"}) == 200'000);
  CHECK(at(text, {"description"}) ==
        "The user's message. It may be left out beside attachments, whose names then stand in its "
        "place. At most 200000 bytes of UTF-8.");
  const auto content = at(schema("ReplyEdit"), {"properties", "content"});
  CHECK(at(content, {"type"}) == "string");
  CHECK(at(content, {"minLength"}) == 1);
  CHECK(at(say, {"additionalProperties"}).is_null());
  const auto body = at(operation("/chat", "post"), {"requestBody"});
  CHECK(at(body, {"required"}) == true);
  CHECK(at(operation("/chat/messages/{message_id}/continue", "post"),
           {"requestBody", "required"}) == false);
  CHECK(at(operation("/chat/messages/{message_id}/select", "post"), {"requestBody"}).is_null());
}

TEST_CASE("a text of the greatest length fits its body, however JSON escapes it") {
  // Cyrillic as \u escapes is three times as long as in UTF-8.
  for (const auto& group : api::kGroups) {
    for (const auto& operation : group.operations) {
      if (!operation.body) continue;
      for (const auto& field : operation.body->fields) {
        CAPTURE(operation.id);
        CAPTURE(field.name);
        CHECK(3 * field.maximum_bytes < operation.maximum_body_bytes);
        if (!field.schema) continue;
        for (const auto& inner : field.schema->fields) {
          CHECK(3 * inner.maximum_bytes < operation.maximum_body_bytes);
        }
      }
    }
  }
}

TEST_CASE("an answer's schema says what may be null, and no limits of requests") {
  const auto session = schema("Session");
  CHECK(text_of(at(session, {"properties", "project_id", "type"})) == R"(["string","null"])");
  CHECK(at(session, {"properties", "title"}) ==
        *json::parse(R"({"type":"string","description":"Its title."})"));
  CHECK(at(session, {"properties", "created_at", "format"}) == "date-time");
  CHECK(at(session, {"required"}).size() == at(session, {"properties"}).size());
  CHECK(at(schema("ReplyContext"), {"properties", "messages", "items", "$ref"}) ==
        "#/components/schemas/SentMessage");
  CHECK(at(schema("ReplyContext"), {"properties", "tokens", "$ref"}) ==
        "#/components/schemas/Tokens");
}

TEST_CASE("no object of a request or an answer is left without a form") {
  const auto refers = [](const json::Document& field) { return text_of(field).find("$ref"); };
  for (const auto& [name, member] :
       {std::pair("Dossier", "snapshot_json"), std::pair("DossierUpdate", "snapshot_json"),
        std::pair("DossierDifference", "changes"), std::pair("DossierChange", "entries"),
        std::pair("DossierProposal", "entries"), std::pair("DossierQuestion", "values"),
        std::pair("ReplyContext", "settings"), std::pair("ReplyContext", "facts"),
        std::pair("ReplyContext", "memories"), std::pair("WholeReply", "metadata"),
        std::pair("Message", "metadata"), std::pair("RealtimeEvent", "metadata"),
        std::pair("StoryTask", "result"), std::pair("StoryTask", "error"),
        std::pair("StoryVersion", "findings"), std::pair("StoryVersion", "plan")}) {
    CAPTURE(name);
    CAPTURE(member);
    CHECK(refers(at(schema(name), {"properties", member})) != std::string::npos);
  }
  // A story's own fields besides the known ones.
  CHECK_FALSE(at(schema("DossierCharacter"), {"additionalProperties", "anyOf"}).is_null());
  CHECK(at(schema("DossierChange"), {"properties", "at", "format"}) == "date-time");
}

TEST_CASE("the events of streams have schemas") {
  for (const auto& [path, event] :
       {std::pair("/chat", "ChatEvent"), std::pair("/companion/chat/stream", "ChatEvent"),
        std::pair("/stream/v1/stream", "RelayEvent"),
        std::pair("/story/generate-premise", "StoryEvent")}) {
    CAPTURE(path);
    const auto content = at(operation(path, "post"), {"responses", "200", "content"});
    const auto stream = at(content, {"text/event-stream", "schema"});
    CHECK(at(stream, {"type"}) == "string");
    CHECK(at(stream, {"contentSchema", "$ref"}) == std::string("#/components/schemas/") + event);
    CHECK(at(schema(event), {"anyOf"}).size() >= 4);
  }
  CHECK(at(schema("ChatDoneEvent"), {"properties", "type", "enum"}).size() == 1);
}

TEST_CASE("parameters have their bounds, and stand where they are read") {
  const auto list = operation("/sessions", "get");
  CHECK(at(list, {"parameters"})[0] ==
        *json::parse(R"({"name":"limit","in":"query","required":false,)"
                     R"("description":"How many items a page holds.",)"
                     R"("schema":{"type":"integer","minimum":1,"maximum":100,"default":20}})"));
  const auto update = operation("/sessions/{session_id}", "patch");
  CHECK(
      text_of(at(update, {"parameters"})) ==
      R"([{"in":"path","name":"session_id","required":true,)"
      R"("schema":{"format":"uuid","pattern":"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",)"
      R"("type":"string"}},)"
      R"({"$ref":"#/components/parameters/If-Match"}])");
}

TEST_CASE("lists say how much there is, streams whose they are") {
  const auto list = at(operation("/projects", "get"), {"responses", "200"});
  CHECK(at(list, {"content", "application/json", "schema"}) ==
        *json::parse(R"({"type":"array","items":{"$ref":"#/components/schemas/Project"}})"));
  CHECK_FALSE(at(list, {"headers", "x-total-count"}).is_null());
  CHECK_FALSE(at(list, {"headers", "content-range"}).is_null());
  const auto takes =
      at(operation("/chat/messages/{message_id}/takes", "get"), {"responses", "200"});
  CHECK(at(takes, {"content", "application/json", "schema", "type"}) == "array");
  CHECK(at(takes, {"headers", "x-total-count"}).is_null());
  const auto stream = at(operation("/chat", "post"), {"responses", "200"});
  CHECK_FALSE(at(stream, {"content", "text/event-stream"}).is_null());
  CHECK_FALSE(at(stream, {"headers", "x-guest-token"}).is_null());
  const auto again = operation("/chat/messages/{message_id}/regenerate", "post");
  CHECK(at(again, {"responses", "200", "headers", "x-guest-token"}).is_null());
}

TEST_CASE("each operation tells the statuses that it can answer with") {
  const auto statuses = [](std::string_view path, std::string_view method) {
    std::string all;
    const auto responses = at(operation(path, method), {"responses"});
    for (const auto& [status, response] : responses.items()) {
      all += status + ' ';
    }
    return all;
  };
  CHECK(statuses("/chat", "post") ==
        "200 400 401 403 404 406 408 409 412 413 415 422 429 500 502 503 504 ");
  CHECK(statuses("/sessions", "get") == "200 400 401 403 406 422 500 503 ");
  CHECK(statuses("/sessions/{session_id}", "get") == "200 304 400 401 403 404 406 422 500 503 ");
  CHECK(statuses("/sessions/{session_id}", "patch") ==
        "200 400 401 403 404 406 408 412 413 415 422 500 503 ");
  CHECK(statuses("/users", "post") == "200 201 400 401 403 406 408 412 413 415 422 500 503 ");
  CHECK(statuses("/dossier/{project_id}", "patch") ==
        "200 400 401 403 404 406 408 412 413 415 422 429 500 503 ");
  CHECK(statuses("/chat/health", "get") == "200 400 422 500 ");
  CHECK(statuses("/chat/health/ready", "get") == "200 400 422 500 503 ");
  CHECK(statuses("/users/guest", "post") == "201 400 401 403 406 412 422 429 500 503 ");
  CHECK(statuses("/redoc", "get") == "308 400 422 500 ");
  const auto refusal = at(api_document(), {"components", "responses", "Refusal412"});
  CHECK(at(refusal, {"description"}) == "Precondition failed (`precondition_failed`).");
  CHECK(at(refusal, {"content", "application/problem+json", "schema", "$ref"}) ==
        "#/components/schemas/Problem");
}

TEST_CASE("a refusal's codes come once, by rising status") {
  each_operation([&](const api::OperationGroup&, const api::Operation& declared) {
    CAPTURE(declared.id);
    const auto codes = api::refusals_of(declared);
    for (std::size_t i = 1; i < codes.size(); ++i) {
      CHECK(facts(codes[i - 1]).status <= facts(codes[i]).status);
      CHECK(codes[i - 1] != codes[i]);
    }
  });
}

TEST_CASE("who may call is told as security") {
  const auto security = [](std::string_view path, std::string_view method) {
    return text_of(at(operation(path, method), {"security"}));
  };
  CHECK(security("/chat", "post") == R"([{},{"bearer":[]},{"apikey":[],"bearer":[]}])");
  CHECK(security("/users/me", "get") == R"([{"bearer":[]},{"apikey":[],"bearer":[]}])");
  CHECK(security("/docs", "get") == "[]");
}

TEST_CASE("a problem's codes are all there are") {
  const auto codes = at(schema("Problem"), {"properties", "code", "enum"});
  CHECK(codes.size() == static_cast<std::size_t>(ErrorCode::time_limit) + 1);
  CHECK(codes.front() == "malformed_json");
  CHECK(codes.back() == "time_limit");
}

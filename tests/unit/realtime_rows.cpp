#include "shared/realtime/rows.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/database/realtime.hpp"
#include "shared/json/document.hpp"

using namespace fabula;

namespace {

const auth::Principal kGuest{auth::Principal::Kind::guest, "", "", "abc"};

constexpr const char* kOpenedAnswer =
    R"({"user_id":"u","session_id":"s","external_id":"demo123","is_new":true,"is_begun":true,"mode":"poem",
        "start_time":"2026-01-01T00:00:00.000000Z","last_event_id":9,"has_more":true,
        "events":[{"id":8,"role":"user","type":"message","content":"Hi \u2603","timestamp":"t",
                   "message_id":"m","client_id":"c1","metadata":{"n":1}},
                  {"id":9,"role":"system","type":"system","content":"","timestamp":"t",
                   "message_id":null,"client_id":null,"metadata":{}}],
        "running":{"stream_id":"st","generation_id":"g","message_id":"r","user_message_id":"m",
                   "client_id":null,"epoch":3,"text_bytes":120}})";

json::Document parsed(std::string_view text) {
  const auto document = json::parse(text);
  REQUIRE(document);
  return *document;
}

}  // namespace

TEST_CASE("a session is opened from the newest events, or after one that is known") {
  CHECK(parsed(database::kOpenRealtimeSession.request({kGuest, "demo123", "k"})) ==
        parsed(R"({"principal":{"kind":"guest","token_hash":"abc"},"session_id":"demo123",
          "connection_id":"k","left_seconds":60,"limit":100})"));
  CHECK(parsed(database::kOpenRealtimeSession.request({.principal = kGuest,
                                                       .session_id = "demo123",
                                                       .connection_id = "k",
                                                       .after_event_id = 0,
                                                       .limit = 7,
                                                       .left_seconds = 5,
                                                       .project_id = "p"})) ==
        parsed(R"({"principal":{"kind":"guest","token_hash":"abc"},"session_id":"demo123",
          "connection_id":"k","left_seconds":5,"after_event_id":0,"project_id":"p","limit":7})"));
}

TEST_CASE("an opened session has its events and its running reply") {
  const auto opened = database::kOpenRealtimeSession.answer(kOpenedAnswer);
  REQUIRE(opened);
  CHECK(opened->user_id == "u");
  CHECK(opened->session_id == "s");
  CHECK(opened->external_id == "demo123");
  CHECK(opened->is_new);
  CHECK(opened->is_begun);
  CHECK(opened->mode == "poem");
  CHECK(opened->start_time == "2026-01-01T00:00:00.000000Z");
  const auto& seen = opened->seen;
  CHECK(seen.last_event_id == 9);
  CHECK(seen.has_more);
  REQUIRE(seen.events.size() == 2);
  CHECK(seen.events[0] ==
        realtime::Event{8, "user", "message", "Hi \u2603", "t", "m", "c1", R"({"n":1})"});
  CHECK(seen.events[1] == realtime::Event{9, "system", "system", "", "t", "", "", "{}"});
  REQUIRE(seen.running);
  CHECK(*seen.running == realtime::RunningTurn{"st", "g", "r", "m", "", 3, 120});
}

TEST_CASE("an event is written as it was read") {
  const auto opened = database::kOpenRealtimeSession.answer(kOpenedAnswer);
  REQUIRE(opened);
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const auto& event : opened->seen.events) write_event(writer, event);
  writer.end_array();
  const auto answer = parsed(kOpenedAnswer);
  CHECK(parsed(text) == *json::find(answer, "events"));
}

TEST_CASE("a look reads what has come since; nothing runs") {
  CHECK(parsed(database::kLookAtRealtimeSession.request({.principal = kGuest,
                                                         .session_id = "demo123",
                                                         .connection_id = "k",
                                                         .after_event_id = 41})) ==
        parsed(R"({"principal":{"kind":"guest","token_hash":"abc"},"session_id":"demo123",
          "connection_id":"k","left_seconds":60,"after_event_id":41,"limit":100})"));
  const auto seen = database::kLookAtRealtimeSession.answer(
      R"({"last_event_id":0,"events":[],"has_more":false,"running":null})");
  REQUIRE(seen);
  CHECK(seen->last_event_id == 0);
  CHECK(seen->events.empty());
  CHECK_FALSE(seen->has_more);
  CHECK_FALSE(seen->running);
}

TEST_CASE("a connection that ends names itself") {
  CHECK(parsed(database::kLeaveRealtimeSession.request({kGuest, "demo123", "k", 9})) ==
        parsed(R"({"principal":{"kind":"guest","token_hash":"abc"},"session_id":"demo123",
          "connection_id":"k","left_seconds":9})"));
  CHECK(database::kLeaveRealtimeSession.answer("{}"));
}

TEST_CASE("an event is added with its metadata, and its id comes back") {
  CHECK(parsed(database::kAddConversationEvent.request({.principal = kGuest,
                                                        .session_id = "s",
                                                        .generation_id = "g",
                                                        .type = "tool_call",
                                                        .role = "assistant",
                                                        .content = "{}",
                                                        .metadata = R"({"call_id":"1"})"})) ==
        parsed(R"({"principal":{"kind":"guest","token_hash":"abc"},"session_id":"s",
          "generation_id":"g","type":"tool_call","role":"assistant","content":"{}",
          "metadata":{"call_id":"1"}})"));
  CHECK(parsed(database::kAddConversationEvent.request({.principal = kGuest,
                                                        .session_id = "s",
                                                        .type = "system",
                                                        .role = "system",
                                                        .content = "Hello."})) ==
        parsed(R"({"principal":{"kind":"guest","token_hash":"abc"},"session_id":"s",
          "generation_id":null,"type":"system","role":"system","content":"Hello.",
          "metadata":{}})"));
  CHECK(database::kAddConversationEvent.answer(R"({"id":12})")->id == 12);
}

TEST_CASE("anything else is a fault of ours") {
  for (const char* answer :
       {"", "[]", "{}", R"({"last_event_id":1,"events":{},"has_more":false,"running":null})",
        R"({"last_event_id":-1,"events":[],"has_more":false,"running":null})",
        R"({"last_event_id":1,"events":[{"id":1}],"has_more":false,"running":null})",
        R"({"last_event_id":1,"events":[null],"has_more":false,"running":null})",
        R"({"last_event_id":1,"events":[],"has_more":false,"running":{}})",
        R"({"last_event_id":1,"events":[],"has_more":false,"running":[]})"}) {
    CAPTURE(answer);
    CHECK(database::kLookAtRealtimeSession.answer(answer).error().code ==
          ErrorCode::internal_error);
    CHECK_FALSE(database::kOpenRealtimeSession.answer(answer));
    CHECK_FALSE(database::kAddConversationEvent.answer(answer));
  }
}

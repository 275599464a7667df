#include "shared/chat/events.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/json/document.hpp"
#include "shared/sse/decoder.hpp"

using namespace fabula;

TEST_CASE("text frames carry the count of the reply's bytes up to and with them") {
  chat::Events events;
  std::string out;
  events.append_text(out, "Zoë");
  events.append_text(out, "");
  events.append_text(out, " \"\n🐉");
  CHECK(out ==
        "id: 4\ndata: {\"type\":\"text\",\"content\":\"Zoë\"}\n\n"
        "id: 11\ndata: {\"type\":\"text\",\"content\":\" \\\"\\n🐉\"}\n\n");
  CHECK(events.offset_bytes() == 11);
}

TEST_CASE("a resumed stream goes on counting") {
  chat::Events events(100);
  std::string out;
  events.append_text(out, "a");
  CHECK(out == "id: 101\ndata: {\"type\":\"text\",\"content\":\"a\"}\n\n");
}

TEST_CASE("metadata has every field that is known, and the final count") {
  chat::Events events(5);
  chat::Metadata metadata;
  metadata.session_id = "s";
  metadata.project_id = "p";
  metadata.user_id = "u";
  metadata.message_id = "m";
  metadata.user_message_id = "um";
  metadata.stream_id = "st";
  metadata.model = "gpt-4o-mini";
  metadata.provider = "openai";
  metadata.input_tokens = 12;
  metadata.output_tokens = 0;
  metadata.title = "A \"title\"";
  metadata.guest_token = "fg_x";
  std::string out;
  events.append_metadata(out, metadata);
  CHECK(
      out ==
      R"(id: 5
data: {"type":"metadata","metadata":{"session_id":"s","project_id":"p","user_id":"u",)"
      R"("message_id":"m","user_message_id":"um","stream_id":"st","model":"gpt-4o-mini",)"
      R"("provider":"openai","tokens":{"in":12,"out":0},"title":"A \"title\"","guest_token":"fg_x"}})"
      "\n\n");
}

TEST_CASE("metadata leaves out what is not known, but says that tokens were not counted") {
  std::string out;
  chat::Events().append_metadata(out, chat::Metadata());
  CHECK(out ==
        "id: 0\ndata: {\"type\":\"metadata\",\"metadata\":"
        "{\"tokens\":{\"in\":null,\"out\":null}}}\n\n");
}

TEST_CASE("the end and errors are frames of their own") {
  chat::Events events(7);
  std::string out;
  events.append_done(out);
  CHECK(out == "id: 7\ndata: {\"type\":\"done\"}\n\n");
  out.clear();
  Problem problem;
  problem.code = ErrorCode::provider_error;
  problem.detail = "Try\nagain.";
  problem.cause = "secret";
  events.append_error(out, problem);
  CHECK(out ==
        "id: 7\ndata: {\"type\":\"error\",\"error\":{\"code\":\"provider_error\","
        "\"message\":\"Try\\nagain.\",\"retryable\":true}}\n\n");
}

TEST_CASE("a client that reads the frames gets the text, and its last id is the text's length") {
  chat::Events events;
  std::string out;
  std::string text;
  for (const std::string_view part : {"物語 ", "\"quoted\"\r\n", "data: forged\n\n", "🐉", "end"}) {
    events.append_text(out, part);
    text += part;
    chat::Events::append_keep_alive(out);
  }
  events.append_done(out);

  sse::Decoder decoder;
  decoder.feed(out);
  sse::Event event;
  std::string received;
  std::string last_type;
  while (decoder.next(event)) {
    const auto document = json::parse(event.data);
    REQUIRE(document);
    received += json::string_at(*document, "content").value_or("");
    last_type = json::string_at(*document, "type").value_or("");
    CHECK(event.last_event_id == std::to_string(received.size()));
  }
  CHECK(received == text);
  CHECK(last_type == "done");
}

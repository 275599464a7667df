#include "shared/protocols/fabula/protocol.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

#include "shared/json/document.hpp"
#include "shared/sse/decoder.hpp"

using namespace fabula;
using turn::event::Finished;
using turn::event::Stored;

namespace {

std::unique_ptr<turn::Framing> make_stream(const turn::Telling& telling = {}) {
  return protocols::fabula::kProtocol.stream(telling);
}

}  // namespace

TEST_CASE("text frames carry the count of the reply's bytes up to and with them") {
  const auto framing = make_stream();
  std::string out;
  framing->text(out, "Zoë");
  framing->text(out, "");
  framing->text(out, " \"\n🐉");
  CHECK(out ==
        "id: 4\ndata: {\"type\":\"text\",\"content\":\"Zoë\"}\n\n"
        "id: 11\ndata: {\"type\":\"text\",\"content\":\" \\\"\\n🐉\"}\n\n");
}

TEST_CASE("a resumed stream goes on counting") {
  std::string out;
  make_stream({.offset_bytes = 100})->text(out, "a");
  CHECK(out == "id: 101\ndata: {\"type\":\"text\",\"content\":\"a\"}\n\n");
}

TEST_CASE("metadata has every field that is known, and the final count") {
  turn::BegunTurn turn;
  turn.session_id = "s";
  turn.project_id = "p";
  turn.user_id = "u";
  turn.user_message_id = "um";
  turn.stream_id = "st";
  turn.title = "A \"title\"";
  const std::optional usage = llm::Usage{.input_tokens = 12, .output_tokens = 0};
  std::string out;
  make_stream({.new_guest_token = "fg_x", .offset_bytes = 5})
      ->stored(out, Stored{turn, "m", "openai", "gpt-4o-mini", usage, "length"});
  CHECK(out ==
        R"(id: 5
data: {"type":"metadata","metadata":{"session_id":"s","project_id":"p","user_id":"u",)"
        R"("message_id":"m","user_message_id":"um","stream_id":"st","model":"gpt-4o-mini",)"
        R"("provider":"openai","tokens":{"in":12,"out":0},"finish_reason":"length",)"
        R"("title":"A \"title\"","guest_token":"fg_x"}})"
        "\n\n");
}

TEST_CASE("metadata tells how the model was asked, as far as somebody has chosen it") {
  turn::BegunTurn turn;
  turn.reply_metadata = R"({"guidance":"короче","max_tokens":9,"more":1,"temperature":0.05})";
  std::string out;
  make_stream()->stored(out, Stored{turn, {}, {}, {}, std::nullopt, "stop"});
  CHECK(out ==
        "id: 0\ndata: {\"type\":\"metadata\",\"metadata\":{\"temperature\":0.05,\"max_tokens\":9,"
        "\"guidance\":\"короче\",\"tokens\":{\"in\":null,\"out\":null},"
        "\"finish_reason\":\"stop\"}}\n\n");
}

TEST_CASE("metadata leaves out what is not known, but says that tokens were not counted") {
  std::string out;
  make_stream()->stored(out, Stored{turn::BegunTurn(), {}, {}, {}, std::nullopt, "stop"});
  CHECK(out ==
        "id: 0\ndata: {\"type\":\"metadata\",\"metadata\":"
        "{\"tokens\":{\"in\":null,\"out\":null},\"finish_reason\":\"stop\"}}\n\n");
}

TEST_CASE("the end and errors are frames of their own") {
  const auto framing = make_stream({.offset_bytes = 7});
  std::string out;
  framing->finished(out, Finished{"stop"});
  CHECK(out == "id: 7\ndata: {\"type\":\"done\",\"finish_reason\":\"stop\"}\n\n");
  out.clear();
  Problem problem;
  problem.code = ErrorCode::provider_error;
  problem.detail = "Try\nagain.";
  problem.cause = "secret";
  framing->failed(out, {problem});
  CHECK(out ==
        "id: 7\ndata: {\"type\":\"error\",\"error\":{\"code\":\"provider_error\","
        "\"message\":\"Try\\nagain.\",\"retryable\":true}}\n\n");
  out.clear();
  framing->failed(out, {problem, 5});
  CHECK(out.find("\"retryable\":true,\"stored_bytes\":5}}\n\n") != std::string::npos);
}

TEST_CASE("a client that reads the frames gets the text, and its last id is the text's length") {
  const auto framing = make_stream();
  std::string out;
  std::string text;
  for (const std::string_view part : {"物語 ", "\"quoted\"\r\n", "data: forged\n\n", "🐉", "end"}) {
    framing->text(out, part);
    text += part;
    framing->beat(out);
  }
  framing->finished(out, Finished{"stop"});

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

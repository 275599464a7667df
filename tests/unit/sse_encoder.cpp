#include "shared/sse/encoder.hpp"

#include <doctest/doctest.h>

#include <string>

#include "shared/sse/decoder.hpp"

using namespace fabula;

TEST_CASE("a frame is its fields and a blank line, with LF only") {
  std::string out;
  sse::append_id(out, 42);
  sse::append_event_type(out, "token");
  sse::append_data(out, "{\"a\":1}");
  sse::end_frame(out);
  CHECK(out == "id: 42\nevent: token\ndata: {\"a\":1}\n\n");
}

TEST_CASE("a line break never gets out of its field") {
  std::string out;
  sse::append_event_type(out, "a\nid: forged");
  sse::append_data(out, "1\n2\r3\r\n\r\n4\n");
  sse::end_frame(out);
  CHECK(out == "event: a\ndata: 1\ndata: 2\ndata: 3\ndata: \ndata: 4\ndata: \n\n");
  out.clear();
  sse::append_comment(out, "beat\r\ndata: forged");
  CHECK(out == ": beat\n\n");
}

TEST_CASE("a comment and a retry are frames that dispatch nothing") {
  std::string out;
  sse::append_comment(out, "keep-alive");
  sse::append_retry(out, 1000);
  sse::Decoder decoder;
  decoder.feed(out);
  sse::Event event;
  CHECK_FALSE(decoder.next(event));
  CHECK(decoder.retry_ms() == 1000U);
  CHECK(out == ": keep-alive\n\nretry: 1000\n\n");
}

TEST_CASE("what is encoded is decoded to the same data") {
  for (const std::string_view data : {"", "a", " a", "a\nb", "\n", "\n\n", ": x", "物語 🐉"}) {
    std::string out;
    sse::append_data(out, data);
    sse::end_frame(out);
    sse::Decoder decoder;
    decoder.feed(out);
    sse::Event event;
    CAPTURE(data);
    REQUIRE(decoder.next(event));
    CHECK(event.data == data);
  }
}

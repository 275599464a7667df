#include "shared/sse/decoder.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "shared/text/utf8_repair.hpp"
#include "tests/unit/mutations.hpp"

using namespace fabula;

namespace {

struct Seen {
  std::string type;
  std::string data;
  std::string last_event_id;

  bool operator==(const Seen&) const = default;
};

// One line for messages and comparisons.
std::string text_of(const std::vector<Seen>& events) {
  std::string text;
  for (const auto& event : events) {
    text += "{" + event.type + "|" + event.data + "|" + event.last_event_id + "} ";
  }
  return text;
}

// Every piece is a separate copy that is freed before the next one is fed, so that the sanitizer
// finds views which outlive their piece.
void feed(sse::Decoder& decoder, std::string_view bytes, std::vector<Seen>& seen) {
  const std::vector<char> piece(bytes.begin(), bytes.end());
  decoder.feed({piece.data(), piece.size()});
  sse::Event event;
  while (decoder.next(event)) {
    seen.push_back(
        {std::string(event.type), std::string(event.data), std::string(event.last_event_id)});
  }
}

std::vector<Seen> decode(std::string_view bytes, std::size_t piece_bytes = std::string::npos) {
  sse::Decoder decoder;
  std::vector<Seen> seen;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece_bytes, bytes.size() - at)) {
    feed(decoder, bytes.substr(at, piece_bytes), seen);
  }
  return seen;
}

Seen message(std::string data, std::string id = "") { return {"message", std::move(data), id}; }

void check(std::string_view bytes, const std::vector<Seen>& expected) {
  CAPTURE(bytes);
  CHECK(text_of(decode(bytes)) == text_of(expected));
  CHECK(text_of(decode(bytes, 1)) == text_of(expected));
}

// The standard's text, step by step, on the whole stream at once.
class Reference {
 public:
  static std::vector<Seen> decode(std::string_view bytes) {
    if (bytes.substr(0, 3) == "\xEF\xBB\xBF") bytes.remove_prefix(3);
    std::string text;
    text::append_repaired(text, bytes);
    Reference reference;
    std::string line;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\r' && text[i] != '\n') {
        line += text[i];
        continue;
      }
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      reference.process(line);
      line.clear();
    }
    return reference.events_;
  }

 private:
  void process(const std::string& line) {
    if (line.empty()) return dispatch();
    const auto colon = line.find(':');
    if (colon == 0) return;
    const auto name = line.substr(0, colon);
    auto value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.substr(0, 1) == " ") value.erase(0, 1);
    if (name == "event") type_ = value;
    if (name == "data") data_ += value + "\n";
    if (name == "id" && value.find('\0') == std::string::npos) last_event_id_ = value;
  }

  void dispatch() {
    if (!data_.empty()) {
      data_.pop_back();
      events_.push_back({type_.empty() ? "message" : type_, data_, last_event_id_});
    }
    data_.clear();
    type_.clear();
  }

  std::vector<Seen> events_;
  std::string data_;
  std::string type_;
  std::string last_event_id_;
};

}  // namespace

TEST_CASE("an event is its data lines, joined by line feeds, when a blank line ends them") {
  check("data: a\n\ndata: b\ndata: c\n\n", {message("a"), message("b\nc")});
  check("data: a\n", {});
  check("data: a", {});
  check("data: a\n\ndata: lost\n", {message("a")});
}

TEST_CASE("lines end with CR, LF or CRLF, also mixed") {
  check("data: a\r\rdata: b\r\n\r\ndata: c\n\ndata: d\r\n\ndata: e\n\r\n",
        {message("a"), message("b"), message("c"), message("d"), message("e")});
  check("data: a\r\ndata: b\r\n\r\n", {message("a\nb")});
}

TEST_CASE("a CR at the end of one piece and an LF at the start of the next are one line end") {
  sse::Decoder decoder;
  std::vector<Seen> seen;
  feed(decoder, "data: a\r", seen);
  feed(decoder, "\ndata: b\r", seen);
  feed(decoder, "", seen);
  feed(decoder, "\n\r", seen);
  CHECK(text_of(seen) == text_of(std::vector<Seen>{message("a\nb")}));
  feed(decoder, "\ndata: c\r\r", seen);
  CHECK(text_of(seen) == text_of(std::vector<Seen>{message("a\nb"), message("c")}));
}

TEST_CASE("one byte-order mark at the start is dropped, any other is data") {
  check(
      "\xEF\xBB\xBF"
      "data: a\n\n",
      {message("a")});
  check(
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: a\n\n",
      {});
  check(
      "data: \xEF\xBB\xBF"
      "a\n\n",
      {message("\xEF\xBB\xBF"
               "a")});
  check(
      "\n\xEF\xBB\xBF"
      "data: a\n\n",
      {});
  check(
      "\xEF\xBB"
      "data: a\n\n",
      {});
  check(
      "\xEF"
      "\n"
      "data: a\n\n",
      {message("a")});
}

TEST_CASE("comments and unknown fields are ignored, names are exact") {
  check(": OPENROUTER PROCESSING\n\n:\ndata: a\n:x\n\n", {message("a")});
  check("Data: a\n data: b\ndata : c\nfoo: d\nfoo\n\ndata: e\n\n", {message("e")});
}

TEST_CASE("exactly one space after the colon is removed") {
  check("data:a\ndata: b\ndata:  c\ndata:\td\n\n", {message("a\nb\n c\n\td")});
  check("data: a: b\n\n", {message("a: b")});
}

TEST_CASE("a line without a colon is a field with an empty value") {
  check("data\n\ndata\ndata\n\ndata:\n\n", {message(""), message("\n"), message("")});
  check("id: 7\ndata: a\n\nid\ndata: b\n\n", {message("a", "7"), message("b", "")});
}

TEST_CASE("the type is of one block only, also when that block has no data") {
  check("event: ping\ndata: a\n\ndata: b\n\n", {{"ping", "a", ""}, message("b")});
  check("event: ping\n\ndata: b\n\n", {message("b")});
  check("event: x\nevent:\ndata: b\n\n", {message("b")});
}

TEST_CASE("the last event id stays, also from a block without data, unless it holds NUL") {
  check("id: 1\ndata: a\n\ndata: b\n\n", {message("a", "1"), message("b", "1")});
  check("id: 1\n\ndata: a\n\n", {message("a", "1")});
  check(std::string_view("id: 1\n\nid: 2\0x\ndata: a\n\n", 25), {message("a", "1")});
}

TEST_CASE("retry takes ASCII digits and nothing else") {
  const auto retry_after = [](std::string_view value) {
    sse::Decoder decoder;
    std::vector<Seen> seen;
    feed(decoder, "retry: 5\nretry: " + std::string(value) + "\n", seen);
    return decoder.retry_ms();
  };
  CHECK(retry_after("1000") == 1000U);
  CHECK(retry_after("007") == 7U);
  CHECK(retry_after("99999999999999999999999") == 4294967295U);
  for (const std::string_view bad : {"", "+1", "-1", "1.5", " 1", "1 ", "1e3", "٣"}) {
    CAPTURE(bad);
    CHECK(retry_after(bad) == 5U);
  }
  CHECK(sse::Decoder().retry_ms() == std::nullopt);
}

TEST_CASE(
    "bytes that are not UTF-8 become replacement characters, characters cut by pieces do not") {
  check(
      "data: a\xFF"
      "b\xE7\x89\n\n",
      {message("a\uFFFDb\uFFFD")});
  check("event: \xC3\nid: \x80\ndata: 物語🐉\n\n", {{"\uFFFD", "物語🐉", "\uFFFD"}});
}

TEST_CASE("an event larger than the limit ends the stream, however it is cut") {
  const std::string fits = "data: 1234\n\n";
  const std::string line_too_long = "data: 12345\n\ndata: a\n\n";
  const std::string data_too_long = "data:12345678\ndata:12345678\n\n";
  for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
    for (const auto& [bytes, is_too_large] :
         {std::pair{fits, false}, std::pair{line_too_long, true}, std::pair{data_too_long, true}}) {
      sse::Decoder decoder(bytes == data_too_long ? 13 : 10);
      std::vector<Seen> seen;
      for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
        feed(decoder, std::string_view(bytes).substr(at, piece_bytes), seen);
      }
      CAPTURE(bytes);
      CHECK(decoder.is_too_large() == is_too_large);
      CHECK(seen.size() == (is_too_large ? 0 : 1));
    }
  }
}

TEST_CASE("a line without an end takes no more memory than the limit") {
  sse::Decoder decoder(1000);
  std::vector<Seen> seen;
  for (int i = 0; i < 100; ++i) feed(decoder, std::string(100, 'x'), seen);
  CHECK(decoder.is_too_large());
  CHECK(decoder.ignored_text().empty());
}

TEST_CASE("ignored lines are kept for who looks for an error in them, up to a limit") {
  sse::Decoder decoder;
  std::vector<Seen> seen;
  feed(decoder, ": note\nerror: {\"code\":1}\ndata: a\n\n{\"x\":\n\n1}", seen);
  CHECK(decoder.ignored_text() == "error: {\"code\":1}\n{\"x\":\n1}");
  feed(decoder, "\ndata: unfinished", seen);
  CHECK(decoder.ignored_text() == "error: {\"code\":1}\n{\"x\":\n1}");
  for (int i = 0; i < 100; ++i) feed(decoder, std::string(100, 'x') + "\n", seen);
  CHECK(decoder.ignored_text().size() == 4096);
}

TEST_CASE("an unfinished line is ignored text only when it can be nothing else") {
  const auto ignored = [](std::string_view bytes) {
    sse::Decoder decoder;
    std::vector<Seen> seen;
    feed(decoder, bytes, seen);
    return decoder.ignored_text();
  };
  for (const std::string_view known :
       {"", ":", ": x", "d", "dat", "data", "data:{", "i", "retry:"}) {
    CAPTURE(known);
    CHECK(ignored(known) == "");
  }
  for (const std::string_view other : {"}", "date", "ids", "error:", "da:", " data: x"}) {
    CHECK(ignored(other) == other);
  }
}

TEST_CASE("any bytes cut anywhere give what the standard's text gives for the whole") {
  tests::Mutations mutations({"data: a\n\ndata: b\r\n\r\n",
                              "event: x\nid: 1\ndata: {\"a\":\"é物🐉\"}\n\n: c\n\n",
                              "\xEF\xBB\xBF"
                              "data\n\ndata:\rdata: \r\r",
                              "id\nid: \0\nretry: 1\nevent:\ndata:x\n\n"});
  int events = 0;
  for (int round = 0; round < tests::kMutationRounds; ++round) {
    const std::string bytes = mutations.next();
    CAPTURE(bytes);
    const auto expected = Reference::decode(bytes);
    events += static_cast<int>(expected.size());
    sse::Decoder decoder;
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto piece_bytes = mutations.below(7);
      feed(decoder, std::string_view(bytes).substr(at, piece_bytes), seen);
      at += piece_bytes;
    }
    CHECK(text_of(seen) == text_of(expected));
  }
  CHECK(events > tests::kMutationRounds / 2);
}

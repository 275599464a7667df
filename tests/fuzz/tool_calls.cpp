// The pieces of tool calls in any order and of any kind: however their arguments are cut further,
// the calls are the same; each part says something, and in valid UTF-8; as chunks of an
// OpenAI-style body they are the same again, cut anywhere.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/json/text.hpp"
#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/tool_call_joiner.hpp"
#include "shared/llm/stream/tool_calls.hpp"
#include "shared/text/utf8.hpp"

namespace {

using namespace fabula;

void require(bool condition) {
  if (!condition) std::abort();
}

class Calls final : public llm::StreamSink {
 public:
  void on_text(std::string_view) override { std::abort(); }
  void on_tool_call(const llm::ToolCallPart& part) override {
    require(part.index <= all.all().size());
    require(!part.id.empty() || !part.name.empty() || !part.arguments.empty());
    for (const auto said : {part.id, part.name, part.arguments}) {
      require(text::is_valid_utf8(said));
    }
    all.add(part);
  }

  llm::ToolCalls all;
};

// Words that meet each other often, among them none and halves of a character in WTF-8.
constexpr std::string_view kWords[] = {"",   "a", "b",  "look", "{\"a\":1}",    "{\"a\":",
                                       "1}", "}", "字", "x",    "\xED\xA0\xBD", "\xED\xB8\x80"};

struct Source {
  std::string_view bytes;

  unsigned next() {
    if (bytes.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    return byte;
  }
  std::string word() { return std::string(kWords[next() % std::size(kWords)]); }
  // Names and ids are whole texts of the provider's: no halves.
  std::string whole_word() { return std::string(kWords[next() % (std::size(kWords) - 2)]); }
};

std::vector<llm::ToolCallPiece> pieces_of(Source source) {
  std::vector<llm::ToolCallPiece> pieces;
  while (!source.bytes.empty()) {
    llm::ToolCallPiece piece;
    const auto number = source.next() % 8;
    if (number < 5) piece.number = number;
    piece.id = source.whole_word();
    piece.name = source.whole_word();
    piece.begins_call = number == 7 && !piece.name.empty();
    for (auto words = source.next() % 4; words > 0; --words) piece.arguments += source.word();
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

std::size_t character_bytes(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// The same piece as one for each character of its arguments.
std::vector<llm::ToolCallPiece> in_characters(const llm::ToolCallPiece& piece) {
  std::vector<llm::ToolCallPiece> all = {piece};
  all.front().arguments.clear();
  for (std::string_view rest = piece.arguments; !rest.empty();) {
    const auto size = character_bytes(rest.front());
    llm::ToolCallPiece next;
    next.number = piece.number;
    next.id = piece.id;
    next.arguments = rest.substr(0, size);
    rest.remove_prefix(size);
    all.push_back(std::move(next));
  }
  return all;
}

void check_cuts_of_arguments(const std::vector<llm::ToolCallPiece>& pieces) {
  llm::ToolCallJoiner joiner;
  llm::ToolCallJoiner other_joiner;
  Calls calls;
  Calls other_calls;
  for (const auto& piece : pieces) {
    const bool is_joined = joiner.join(piece, calls);
    bool is_other_joined = true;
    for (const auto& part : in_characters(piece)) {
      is_other_joined = other_joiner.join(part, other_calls) && is_other_joined;
    }
    if (!is_joined || !is_other_joined) return;  // too many: the rest may differ
  }
  require(calls.all.all() == other_calls.all.all());
}

// Escaped like a provider does: lone surrogates by their numbers.
void append_string(std::string& body, std::string_view wtf8) {
  body += '"';
  for (std::size_t at = 0; at < wtf8.size();) {
    const auto size = character_bytes(wtf8[at]);
    const auto character = wtf8.substr(at, size);
    if (character == "\xED\xA0\xBD") {
      body += "\\ud83d";
    } else if (character == "\xED\xB8\x80") {
      body += "\\ude00";
    } else {
      json::append_string_contents(body, character);
    }
    at += size;
  }
  body += '"';
}

std::string body_of(const std::vector<llm::ToolCallPiece>& pieces) {
  std::string body;
  for (const auto& piece : pieces) {
    body += R"(data: {"choices":[{"delta":{"tool_calls":[{)";
    if (piece.number) body += "\"index\":" + std::to_string(*piece.number) + ",";
    body += "\"id\":";
    append_string(body, piece.id);
    body += R"(,"function":{"name":)";
    append_string(body, piece.name);
    body += ",\"arguments\":";
    append_string(body, piece.arguments);
    body += "}}]}}]}\n\n";
  }
  return body + "data: [DONE]\n\n";
}

Calls decode(std::string_view body, std::size_t piece_bytes) {
  const auto stream = llm::make_decoder(llm::WireFormat::openai);
  Calls calls;
  while (!body.empty()) {
    const std::string piece(body.substr(0, piece_bytes));
    stream->feed(piece, calls);
    body.remove_prefix(piece.size());
  }
  return calls;
}

void check_body(std::vector<llm::ToolCallPiece> pieces, std::size_t piece_bytes) {
  llm::ToolCallJoiner joiner;
  Calls calls;
  for (auto& piece : pieces) {
    piece.begins_call = false;  // cannot be said with one piece in a chunk
    joiner.join(piece, calls);
  }
  const auto body = body_of(pieces);
  require(decode(body, body.size()).all.all() == calls.all.all());
  require(decode(body, piece_bytes).all.all() == calls.all.all());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto pieces = pieces_of({bytes});
  check_cuts_of_arguments(pieces);
  check_body(pieces, 1 + data[0] % 32U);
  return 0;
}

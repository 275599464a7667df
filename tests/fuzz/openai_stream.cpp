// The OpenAI-style decoder on any bytes: as one chunk, scanner and full parser give the same
// answer; as a body, every cut gives the same reply, which is valid UTF-8.
//
//   clang++-19 -std=c++20 -O1 -g -fno-exceptions -fno-rtti -fsanitize=fuzzer,address,undefined \
//     -I. tests/fuzz/openai_stream.cpp shared/*/*.cpp -o fuzz_openai_stream
#include "shared/llm/stream/openai_stream.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/chunk_shape.hpp"
#include "shared/llm/stream/openai_chunk.hpp"
#include "shared/llm/stream/tool_calls.hpp"
#include "shared/text/utf8.hpp"

namespace {

using namespace fabula;

void require(bool condition) {
  if (!condition) std::abort();
}

class Reply final : public llm::StreamSink {
 public:
  void on_text(std::string_view part) override { add(text, part); }
  void on_reasoning(std::string_view part) override { add(reasoning, part); }
  void on_tool_call(const llm::ToolCallPart& part) override {
    require(part.index <= calls.all().size());
    require(!part.id.empty() || !part.name.empty() || !part.arguments.empty());
    for (const auto said : {part.id, part.name, part.arguments}) {
      require(text::is_valid_utf8(said));
    }
    calls.add(part);
  }

  std::string text;
  std::string reasoning;
  llm::ToolCalls calls;
  llm::StreamSummary summary;

 private:
  static void add(std::string& all, std::string_view part) {
    require(!part.empty() && text::is_valid_utf8(part));
    all += part;
  }
};

Reply decode(std::string_view body, std::size_t piece_bytes) {
  llm::OpenAiStream stream;
  Reply reply;
  while (!body.empty()) {
    const auto size = std::min(piece_bytes, body.size());
    const std::vector<char> piece(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    body.remove_prefix(size);
    stream.feed({piece.data(), piece.size()}, reply);
  }
  reply.summary = stream.finish();
  require(reply.summary.complete != reply.summary.problem.has_value());
  return reply;
}

void check_chunk(std::string_view json) {
  llm::StreamChunk usual;
  if (!llm::read_usual_openai_chunk(json, usual)) return;
  llm::StreamChunk any;
  llm::read_any_openai_chunk(json, any);
  require(usual.text == any.text && usual.reasoning == any.reasoning);
  require(usual.finish_reason == any.finish_reason && usual.usage == any.usage);
  require(!usual.problem && !any.problem);
  require(usual.tool_calls.empty() && any.tool_calls.empty());
}

// With any other strings in their places, a chunk of a remembered shape says the one that is text.
void check_shape(std::string_view json) {
  llm::StreamChunk chunk;
  if (!llm::read_usual_openai_chunk(json, chunk) || chunk.only_contents.empty()) return;
  llm::ChunkShape shape;
  shape.remember(json, chunk.only_contents, chunk.ignored_contents);
  const auto at = static_cast<std::size_t>(chunk.only_contents.data() - json.data());
  std::string other(json);
  if (const auto* ignored = chunk.ignored_contents.data()) {
    other.replace(static_cast<std::size_t>(ignored - json.data()), chunk.ignored_contents.size(),
                  R"(\\\n)");
  }
  other.replace(at, chunk.only_contents.size(), R"(\"é\ud83d\ude00)");
  const auto string = shape.match(other);
  require(string.has_value());
  std::string said;
  json::append_unescaped(said, *string);
  llm::StreamChunk any;
  llm::read_any_openai_chunk(other, any);
  require(any.text + any.reasoning == said);
  require(!any.usage && !any.problem && any.finish_reason == llm::FinishReason::none);
}

void check_body(std::string_view body, std::size_t piece_bytes) {
  const auto whole = decode(body, body.size());
  const auto cut = decode(body, piece_bytes);
  require(whole.text == cut.text && whole.reasoning == cut.reasoning);
  require(whole.calls.all() == cut.calls.all());
  require(whole.summary.complete == cut.summary.complete);
  require(whole.summary.finish_reason == cut.summary.finish_reason);
  require(whole.summary.usage == cut.summary.usage);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_chunk(bytes);
  check_shape(bytes);
  check_body(bytes, 1 + data[0] % 32U);
  check_body("data: " + std::string(bytes) + "\n\n", 1 + data[0] % 32U);
  return 0;
}

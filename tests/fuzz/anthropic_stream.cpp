// The Anthropic decoder on any bytes: as the payloads of a stream, one per line, its result equals
// the oracle's, which parses whole documents; as a body, every cut gives the same result.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/tool_call_joiner.hpp"
#include "shared/llm/stream/tool_calls.hpp"
#include "shared/text/utf8.hpp"
#include "tests/unit/anthropic_oracle.hpp"

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
  const auto stream = llm::make_decoder(llm::WireFormat::anthropic);
  Reply reply;
  while (!body.empty()) {
    const auto size = std::min(piece_bytes, body.size());
    const std::vector<char> piece(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
    body.remove_prefix(size);
    stream->feed({piece.data(), piece.size()}, reply);
  }
  reply.summary = stream->finish();
  require(reply.summary.complete != reply.summary.problem.has_value());
  return reply;
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

// Inputs that arrived whole keep their text; the oracle serializes them again.
std::string normal(const std::string& arguments) {
  const auto document = json::parse(arguments, json::LoneSurrogates::allowed);
  return document ? json::dump(*document) : arguments;
}

void check_payloads(std::string_view lines, std::size_t piece_bytes) {
  tests::AnthropicOracle oracle;
  std::string body;
  while (!lines.empty()) {
    const auto payload = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), payload.size() + 1));
    const auto begin = payload.find_first_not_of(" \t");
    const bool is_payload = begin != std::string_view::npos && payload[begin] != '[' &&
                            payload.find('\r') == std::string_view::npos &&
                            text::is_valid_utf8(payload);
    if (!is_payload) continue;
    oracle.read(payload);
    body.append("data: ").append(payload).append("\n\n");
  }
  const auto reply = decode(body, piece_bytes);
  require(reply.text == oracle.text() && reply.reasoning == oracle.reasoning());
  require(reply.summary.complete == (oracle.is_over && !oracle.has_failed));
  require(reply.summary.finish_reason == oracle.reason && reply.summary.usage == oracle.usage);
  const auto calls = oracle.calls();
  require(reply.calls.all().size() == std::min(calls.size(), llm::kMaximumToolCalls));
  for (std::size_t i = 0; i < reply.calls.all().size(); ++i) {
    const auto& call = reply.calls.all()[i];
    require(call.id == calls[i].id && call.name == calls[i].name);
    require(normal(call.arguments) == normal(calls[i].arguments));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece_bytes = 1 + data[0] % 32U;
  check_payloads(bytes, piece_bytes);
  check_body(bytes, piece_bytes);
  return 0;
}

// Collects a decoder's output, and checks the guarantees for every sink.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/decoder.hpp"
#include "shared/llm/stream/tool_calls.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::tests {

class CollectingSink final : public llm::StreamSink {
 public:
  void on_text(std::string_view part) override { add(text, part); }
  void on_reasoning(std::string_view part) override { add(reasoning, part); }

  void on_tool_call(const llm::ToolCallPart& part) override {
    const bool is_empty = part.id.empty() && part.name.empty() && part.arguments.empty();
    if (is_empty) FAIL("a part of a call that says nothing");
    for (const auto said : {part.id, part.name, part.arguments}) {
      if (!text::is_valid_utf8(said)) FAIL("a part of a call is cut: ", said);
    }
    const auto& calls = tool_calls.all();
    if (part.index > calls.size()) FAIL("call ", part.index, " before the one before it");
    const bool is_known = part.index < calls.size();
    if (is_known && !part.id.empty() && !calls[part.index].id.empty()) FAIL("an id again");
    if (is_known && !part.name.empty() && !calls[part.index].name.empty()) FAIL("a name again");
    tool_calls.add(part);
  }

  std::string text;
  std::string reasoning;
  llm::ToolCalls tool_calls;

 private:
  static void add(std::string& all, std::string_view part) {
    if (part.empty() || !text::is_valid_utf8(part)) FAIL("a part is empty or cut: ", part);
    all += part;
  }
};

struct Decoded {
  std::string text;
  std::string reasoning;
  std::vector<llm::ToolCall> tool_calls;
  llm::StreamSummary summary;
};

inline bool is_same(const Decoded& a, const Decoded& b) {
  const auto code = [](const Decoded& decoded) {
    return decoded.summary.problem ? facts(decoded.summary.problem->code).name : "";
  };
  return a.text == b.text && a.reasoning == b.reasoning && a.tool_calls == b.tool_calls &&
         a.summary.complete == b.summary.complete &&
         a.summary.finish_reason == b.summary.finish_reason && a.summary.usage == b.summary.usage &&
         code(a) == code(b);
}

// Each piece is a copy that is gone before the next, for the sanitizer to find views that outlive
// it.
inline void feed_copy(llm::StreamDecoder& stream, std::string_view bytes, llm::StreamSink& sink) {
  const std::vector<char> piece(bytes.begin(), bytes.end());
  stream.feed({piece.data(), piece.size()}, sink);
}

inline Decoded end(llm::StreamDecoder& stream, const CollectingSink& sink) {
  return {sink.text, sink.reasoning, sink.tool_calls.all(), stream.finish()};
}

inline Decoded decode(llm::WireFormat format, std::string_view body,
                      std::size_t piece_bytes = std::string::npos) {
  const auto stream = llm::make_decoder(format);
  CollectingSink sink;
  for (std::size_t at = 0; at < body.size(); at += std::min(piece_bytes, body.size() - at)) {
    feed_copy(*stream, body.substr(at, piece_bytes), sink);
  }
  return end(*stream, sink);
}

inline Decoded decode_openai(std::string_view body, std::size_t piece_bytes = std::string::npos) {
  return decode(llm::WireFormat::openai, body, piece_bytes);
}

}  // namespace fabula::tests

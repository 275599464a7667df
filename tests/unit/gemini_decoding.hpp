// Decodes Gemini bodies for tests, and checks the guarantees for every sink.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/stream/gemini_stream.hpp"
#include "shared/llm/stream/stream.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::tests {

struct GeminiCall {
  std::string id;
  std::string name;
  std::string arguments;

  bool operator==(const GeminiCall&) const = default;
};

// For fuzzers and unit tests alike, so it aborts instead of failing a check.
inline void require(bool condition, std::string_view what) {
  if (condition) return;
  std::cerr << "not so: " << what << '\n';
  std::abort();
}

class GeminiSink final : public llm::StreamSink {
 public:
  void on_text(std::string_view part) override { add(text, part); }
  void on_reasoning(std::string_view part) override { add(reasoning, part); }

  void on_tool_call(const llm::ToolCallPart& part) override {
    require(part.index <= calls.size(), "indexes come in order");
    require(!part.id.empty() || !part.name.empty() || !part.arguments.empty(),
            "a part of a call says something");
    if (part.index == calls.size()) {
      require(!part.name.empty(), "a call begins with its name");
      calls.emplace_back();
    }
    auto& call = calls[part.index];
    add_valid(call.id, part.id);
    add_valid(call.name, part.name);
    add_valid(call.arguments, part.arguments);
  }

  std::string text;
  std::string reasoning;
  std::vector<GeminiCall> calls;

 private:
  static void add(std::string& all, std::string_view part) {
    require(!part.empty(), "no part is empty");
    add_valid(all, part);
  }
  static void add_valid(std::string& all, std::string_view part) {
    require(text::is_valid_utf8(part), "a part is valid UTF-8");
    all += part;
  }
};

struct GeminiAnswer {
  std::string text;
  std::string reasoning;
  std::vector<GeminiCall> calls;
  llm::StreamSummary summary;
};

// Each piece is a copy that is gone before the next, for the sanitizer to find views that outlive
// it.
inline void feed_copy(llm::GeminiStream& stream, std::string_view bytes, llm::StreamSink& sink) {
  const std::vector<char> piece(bytes.begin(), bytes.end());
  stream.feed({piece.data(), piece.size()}, sink);
}

inline GeminiAnswer decode_gemini(std::string_view body,
                                  std::size_t piece_bytes = std::string::npos) {
  llm::GeminiStream stream;
  GeminiSink sink;
  for (std::size_t at = 0; at < body.size(); at += std::min(piece_bytes, body.size() - at)) {
    feed_copy(stream, body.substr(at, piece_bytes), sink);
  }
  const bool failed = stream.failed();
  auto summary = stream.finish();
  require(!failed || summary.problem, "what has failed stays failed");
  require(summary.complete != summary.problem.has_value(), "complete, or a problem");
  return {sink.text, sink.reasoning, sink.calls, std::move(summary)};
}

inline bool is_same(const GeminiAnswer& a, const GeminiAnswer& b) {
  return a.text == b.text && a.reasoning == b.reasoning && a.calls == b.calls &&
         a.summary.complete == b.summary.complete && a.summary.usage == b.summary.usage &&
         a.summary.finish_reason == b.summary.finish_reason;
}

}  // namespace fabula::tests

// Collects what a decoder gives, and checks what every sink may rely on.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/llm/openai_stream.hpp"
#include "shared/llm/stream.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::tests {

class CollectingSink final : public llm::StreamSink {
 public:
  void on_text(std::string_view part) override { add(text, part); }
  void on_reasoning(std::string_view part) override { add(reasoning, part); }

  std::string text;
  std::string reasoning;

 private:
  static void add(std::string& all, std::string_view part) {
    if (part.empty() || !text::is_valid_utf8(part)) FAIL("a part is empty or cut: ", part);
    all += part;
  }
};

struct Decoded {
  std::string text;
  std::string reasoning;
  llm::StreamSummary summary;
};

// Each piece is a copy that is gone before the next, for the sanitizer to find views that outlive
// it.
inline void feed_copy(llm::OpenAiStream& stream, std::string_view bytes, llm::StreamSink& sink) {
  const std::vector<char> piece(bytes.begin(), bytes.end());
  stream.feed({piece.data(), piece.size()}, sink);
}

inline Decoded decode_openai(std::string_view body, std::size_t piece_bytes = std::string::npos) {
  llm::OpenAiStream stream;
  CollectingSink sink;
  for (std::size_t at = 0; at < body.size(); at += std::min(piece_bytes, body.size() - at)) {
    feed_copy(stream, body.substr(at, piece_bytes), sink);
  }
  return {sink.text, sink.reasoning, stream.finish()};
}

}  // namespace fabula::tests

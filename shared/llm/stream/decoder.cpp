#include "shared/llm/stream/decoder.hpp"

#include <utility>

#include "shared/llm/stream/anthropic_stream.hpp"
#include "shared/llm/stream/gemini_stream.hpp"
#include "shared/llm/stream/openai_stream.hpp"

namespace fabula::llm {
namespace {

// A decoder whose text may begin with reasoning.
class SplittingDecoder final : public StreamDecoder {
 public:
  SplittingDecoder(std::unique_ptr<StreamDecoder> format, ThoughtForm thoughts)
      : format_(std::move(format)), splitter_(thoughts) {}

  void feed(std::string_view bytes, StreamSink& sink) override {
    splitter_.set_sink(sink);
    format_->feed(bytes, splitter_);
    if (failed() || ended() || has_finish_reason()) splitter_.flush(failed());
  }
  bool ended() const override { return format_->ended(); }
  bool has_finish_reason() const override { return format_->has_finish_reason(); }
  bool failed() const override { return format_->failed(); }
  bool is_holding() const override { return splitter_.is_holding(); }
  // The first words of an answer may be held back when we end it: they are its text.
  StreamSummary finish() override {
    splitter_.flush(true);
    return format_->finish();
  }

 private:
  std::unique_ptr<StreamDecoder> format_;
  ThoughtSplitter splitter_;
};

std::unique_ptr<StreamDecoder> make_format(WireFormat format, std::size_t maximum_event_bytes) {
  switch (format) {
    case WireFormat::anthropic:
      return std::make_unique<AnthropicStream>(maximum_event_bytes);
    case WireFormat::gemini:
      return std::make_unique<GeminiStream>(maximum_event_bytes);
    case WireFormat::openai:
      break;
  }
  return std::make_unique<OpenAiStream>(maximum_event_bytes);
}

}  // namespace

std::unique_ptr<StreamDecoder> make_decoder(WireFormat format, std::size_t maximum_event_bytes) {
  const bool is_openai = format == WireFormat::openai;
  return make_decoder(format, is_openai ? ThoughtForm::likely_untagged : ThoughtForm::tagged,
                      maximum_event_bytes);
}

std::unique_ptr<StreamDecoder> make_decoder(WireFormat format, ThoughtForm thoughts,
                                            std::size_t maximum_event_bytes) {
  return std::make_unique<SplittingDecoder>(make_format(format, maximum_event_bytes), thoughts);
}

}  // namespace fabula::llm

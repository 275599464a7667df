// Separates the reasoning that open models write at the beginning of their answer,
// `<think>...</think>`, from the text after it. Servers that know the model's template do so
// themselves; many do not.
//
// Only blocks before the first word of the text are reasoning: a text may mention such tags. Blanks
// before the text are held back, and dropped if nothing follows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/llm/stream/stream.hpp"

namespace fabula::llm {

// Some templates open the block themselves, so that only its end is in the answer. It is then known
// late that the beginning was reasoning, so such text must be held back.
enum class ThoughtForm : std::uint8_t {
  tagged,           // the opening tag is always present: nothing is held back for long
  likely_untagged,  // a text with a typical beginning of reasoning is held back
  untagged,         // every text is held back until the tag, or the end of the answer
};

class ThoughtSplitter final : public StreamSink {
 public:
  explicit ThoughtSplitter(ThoughtForm form) : form_(form) {}

  // Sets the receiver of the parts; required before the first part.
  void set_sink(StreamSink& sink) { sink_ = &sink; }

  void on_text(std::string_view text) override;
  void on_reasoning(std::string_view text) override;
  void on_tool_call(const ToolCallPart& part) override;

  // The answer has ended: passes on what was held back. After a failure, possible reasoning is
  // never passed on as text.
  void flush(bool has_failed = false);

  // Text has arrived that has not been passed on.
  bool is_holding() const { return !held_.empty(); }

 private:
  enum class State : std::uint8_t { beginning, tagged_thought, perhaps_thought, text };

  bool settle();
  bool settle_beginning();
  bool settle_thought();
  bool settle_perhaps();
  void begin_text();
  void end_thought(std::size_t thought_bytes, std::size_t tag_bytes);
  void tell_reasoning(std::string_view text);

  ThoughtForm form_;
  StreamSink* sink_ = nullptr;
  State state_ = State::beginning;
  bool has_thought_ = false;    // a block has ended
  bool is_told_apart_ = false;  // the provider sends reasoning separately
  std::string_view end_tag_;    // of the open block
  std::string held_;
};

}  // namespace fabula::llm

// Events as an HTTP response that is written while they happen, such as server-sent events. The
// first text leaves at once; what comes within one display frame after a write leaves as one write
// and one piece of text, because writes are what a stream costs (design section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/turn/framing.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/channel.hpp"
#include "wasm/runtime/response.hpp"

namespace fabula::engine {

class StreamChannel final : public Channel {
 public:
  // `coalesce_ms`: how long text may be put off for more; 0: not at all. Text that comes later than
  // half of that after the text before it leaves at once, with what waited. `silence_ms`: how long
  // nothing may be written before a beat is.
  StreamChannel(Call& call, std::string_view media_type, turn::Framing& framing,
                std::int64_t coalesce_ms, std::int64_t silence_ms, std::int64_t now_ms);

  // An instance that traps from here on says so in the stream.
  Result<void> begin(http::Headers&& headers) override;
  void text(std::string_view text, std::int64_t now_ms) override;
  void reasoning(std::string_view text, std::int64_t now_ms) override;
  void tell(const turn::Event& event) override { framing_.write(unsent(), event); }
  bool has_unsent() const override { return !text_.empty() || !frames_.empty(); }
  bool is_full() const override;
  void arm(std::int64_t now_ms) override;
  std::int64_t due_ms() const override;
  runtime::Waitable* waiting_for() override { return write_ ? &*write_ : nullptr; }
  void look() override;
  void give_up() override;
  runtime::Task<void> flush() override;
  runtime::Task<void> end() override;

 private:
  void add(bool is_reasoning, std::string_view text, std::int64_t now_ms);
  // The frames that have not left, those of the text among them.
  std::string& unsent();
  void begin_write(std::int64_t now_ms);

  Call& call_;
  std::string_view media_type_;
  turn::Framing& framing_;
  std::int64_t coalesce_ms_;
  std::int64_t silence_ms_;
  std::int64_t last_write_ms_;
  std::int64_t last_text_ms_;
  bool is_close_ = false;      // to the text before it, the last one was
  bool is_dense_ = false;      // texts come closer to each other than writes may
  bool is_reasoning_ = false;  // what `text_` is
  std::string text_;           // not framed yet
  std::string frames_;         // after which `text_` comes
  std::optional<runtime::ResponseWrite> write_;
};

}  // namespace fabula::engine

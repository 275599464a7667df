// Writes events as an HTTP response while they happen, such as server-sent events. The first text
// leaves at once; text that comes within one display frame after a write is collected into one
// write, because writes are the main cost of a stream (design section 4).
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
  // `coalesce_ms`: how long text may be delayed to be sent with more; 0: not at all. Text that
  // arrives later than half of this after the previous text is sent at once, with everything that
  // waited. `silence_ms`: how long nothing may be written before a beat.
  StreamChannel(Call& call, std::string_view media_type, turn::Framing& framing,
                std::int64_t coalesce_ms, std::int64_t silence_ms, std::int64_t now_ms);

  // From this call on, an instance that traps reports it in the stream.
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
  // The frames that have not been sent, including those of the unsent text.
  std::string& unsent();
  void begin_write(std::int64_t now_ms);

  Call& call_;
  std::string_view media_type_;
  turn::Framing& framing_;
  std::int64_t coalesce_ms_;
  std::int64_t silence_ms_;
  std::int64_t last_write_ms_;
  std::int64_t last_text_ms_;
  bool is_close_ = false;      // the last text came soon after the one before it
  bool is_dense_ = false;      // texts arrive closer together than writes may
  bool is_reasoning_ = false;  // the type of `text_`
  std::string text_;           // not framed yet
  std::string frames_;         // they precede `text_`
  std::optional<runtime::ResponseWrite> write_;
};

}  // namespace fabula::engine

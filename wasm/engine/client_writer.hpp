// Tells the client the reply. The first text leaves at once; what comes within one display frame
// after a write leaves as one write and one piece of text, because writes are what a stream costs
// (design section 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wasm/engine/turn_framing.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

class ClientWriter {
 public:
  // `coalesce_ms`: how long text may be put off for more; 0: not at all. Text that comes later than
  // half of that after the text before it leaves at once, with what waited. `silence_ms`: how long
  // nothing may be written before a beat is.
  ClientWriter(runtime::Context& context, TurnFraming& framing, std::int64_t coalesce_ms,
               std::int64_t silence_ms, std::int64_t now_ms);

  // The next part of the reply: whole characters.
  void add(std::string_view text, std::int64_t now_ms);
  // Frames that the client has not been sent, the text so far among them; more may be appended.
  std::string& unsent();
  // The client reads more slowly than the model writes: no more should come.
  bool is_full() const;

  // Begins the write that is due, if one is.
  void arm(std::int64_t now_ms);
  // When arm() must be called at the latest.
  std::int64_t due_ms() const;
  runtime::Waitable* waiting_for() { return write_ ? &*write_ : nullptr; }
  // Takes the write that has ended.
  void look();

  // The client has left: nothing is written any more.
  bool is_given_up() const { return is_given_up_; }
  void give_up();

  // Writes all that is unsent. May be destroyed before its end.
  runtime::Task<void> flush();

 private:
  void begin_write(std::int64_t now_ms);

  runtime::Context& context_;
  TurnFraming& framing_;
  std::int64_t coalesce_ms_;
  std::int64_t silence_ms_;
  std::int64_t last_write_ms_;
  std::int64_t last_text_ms_;
  bool is_close_ = false;  // to the text before it, the last one was
  bool is_dense_ = false;  // texts come closer to each other than writes may
  bool is_given_up_ = false;
  std::string text_;    // not framed yet
  std::string frames_;  // after which `text_` comes
  std::optional<runtime::ResponseWrite> write_;
};

}  // namespace fabula::engine

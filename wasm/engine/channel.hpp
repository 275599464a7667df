// Carries a turn's events to whoever asked for it. A protocol's framing writes them; a channel
// decides when the frames leave, and notices that nobody reads them any more.
//
// A relay drives it: text and tell are given what happens, arm begins what is due, look takes what
// has ended. Others tell it something and wait for send_all.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/result/result.hpp"
#include "shared/turn/event.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

class Channel {
 public:
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  // The turn has begun. `headers` are what an answer over HTTP says of it in its head.
  virtual Result<void> begin(http::Headers&& headers) = 0;

  // The next part of the reply, or of what the model thinks: whole characters. May be put off, so
  // that it leaves with more.
  virtual void text(std::string_view text, std::int64_t now_ms) = 0;
  virtual void reasoning(std::string_view text, std::int64_t now_ms) = 0;
  // Any other event. It leaves with the text before it.
  virtual void tell(const turn::Event& event) = 0;

  // Something was told and has not left.
  virtual bool has_unsent() const = 0;
  // The client reads more slowly than the model writes: no more should come.
  virtual bool is_full() const = 0;

  // Begins what is due, if anything is.
  virtual void arm(std::int64_t now_ms) = 0;
  // When arm() must be called at the latest.
  virtual std::int64_t due_ms() const = 0;
  // What to wait for before look() is called; may be nullptr.
  virtual runtime::Waitable* waiting_for() = 0;
  virtual void look() = 0;

  // The client has left: nothing is written any more.
  bool is_given_up() const { return is_given_up_; }
  virtual void give_up() { is_given_up_ = true; }

  // Sends all that is unsent. May be destroyed before its end.
  virtual runtime::Task<void> flush() = 0;
  // The answer ends with what was told; nothing is called after that.
  virtual runtime::Task<void> end() = 0;

 private:
  bool is_given_up_ = false;
};

// Sends all that is unsent; a client that takes nothing is waited for half a minute. False when it
// has not got it.
runtime::Task<bool> send_all(runtime::Context& context, Channel& channel);

}  // namespace fabula::engine

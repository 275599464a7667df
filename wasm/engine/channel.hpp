// Carries a turn's events to the client that asked for it. A protocol's framing writes the events;
// a channel decides when the frames leave, and notices when the client has left.
//
// The relay drives a channel: it passes events to text and tell, calls arm to begin sends that are
// due and look to collect those that have ended. Code outside the relay calls tell and then
// send_all.
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

  // The turn has begun. `headers` belong in the head of an HTTP answer.
  virtual Result<void> begin(http::Headers&& headers) = 0;

  // The next part of the reply, or of the model's reasoning: whole characters. It may be delayed,
  // to be sent together with later text.
  virtual void text(std::string_view text, std::int64_t now_ms) = 0;
  virtual void reasoning(std::string_view text, std::int64_t now_ms) = 0;
  // Any other event. It leaves with the text before it.
  virtual void tell(const turn::Event& event) = 0;

  // Whether any event has not been sent yet.
  virtual bool has_unsent() const = 0;
  // The client reads more slowly than the model writes: the relay must stop adding text.
  virtual bool is_full() const = 0;

  // Begins the send that is due, if there is one.
  virtual void arm(std::int64_t now_ms) = 0;
  // When arm() must be called at the latest.
  virtual std::int64_t due_ms() const = 0;
  // Wait for this before calling look(); may be nullptr.
  virtual runtime::Waitable* waiting_for() = 0;
  virtual void look() = 0;

  // The client has left: nothing is written any more.
  bool is_given_up() const { return is_given_up_; }
  virtual void give_up() { is_given_up_ = true; }

  // Whether the reader has asked to end the reply here, in another way than through the database.
  // Asking makes waiting_for() ready.
  virtual bool is_stop_asked() const { return false; }

  // Sends everything unsent. May be destroyed before it ends.
  virtual runtime::Task<void> flush() = 0;
  // Ends the answer after the events so far. No other function may be called afterwards.
  virtual runtime::Task<void> end() = 0;

 private:
  bool is_given_up_ = false;
};

// Sends everything unsent, and waits at most half a minute for a client that takes nothing. False
// when the client has not received everything.
runtime::Task<bool> send_all(runtime::Context& context, Channel& channel);

}  // namespace fabula::engine

// Chat's own protocol as the turn engine tells it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/chat/events.hpp"
#include "shared/sse/encoder.hpp"
#include "wasm/engine/turn_framing.hpp"

namespace fabula::chat_function {

using chat::Events;

class Framing final : public engine::TurnFraming {
 public:
  // `new_guest_token` is shown once, in the metadata; it must outlive this. `offset_bytes`: how
  // much of the reply's text comes before what is told.
  Framing(std::string_view new_guest_token, std::uint64_t offset_bytes)
      : events_(offset_bytes), new_guest_token_(new_guest_token) {}

  void text(std::string& out, std::string_view text) override { events_.append_text(out, text); }
  void stored(std::string& out, const engine::TurnEnd& end) override;
  void done(std::string& out) override { events_.append_done(out); }
  void error(std::string& out, const Problem& problem) override {
    events_.append_error(out, problem);
  }
  void come_back(std::string& out) override { sse::append_retry(out, kComeBackAfterMs); }
  void beat(std::string& out) override { Events::append_keep_alive(out); }

 private:
  static constexpr std::uint32_t kComeBackAfterMs = 1000;

  Events events_;
  std::string_view new_guest_token_;
};

}  // namespace fabula::chat_function

// Chat's own protocol as the turn engine tells it.
#pragma once

#include <string>
#include <string_view>

#include "shared/chat/events.hpp"
#include "wasm/engine/turn_framing.hpp"

namespace fabula::chat {

class Framing final : public engine::TurnFraming {
 public:
  // `new_guest_token` is shown once, in the metadata; it must outlive this.
  explicit Framing(std::string_view new_guest_token) : new_guest_token_(new_guest_token) {}

  void text(std::string& out, std::string_view text) override { events_.append_text(out, text); }
  void end(std::string& out, const engine::TurnEnd& end) override;
  void error(std::string& out, const Problem& problem) override {
    events_.append_error(out, problem);
  }
  void beat(std::string& out) override { Events::append_keep_alive(out); }

 private:
  Events events_;
  std::string_view new_guest_token_;
};

}  // namespace fabula::chat

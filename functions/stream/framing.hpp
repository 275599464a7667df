// The relay's own protocol as the turn engine tells it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/sse/encoder.hpp"
#include "shared/stream/events.hpp"
#include "wasm/engine/turn_framing.hpp"

namespace fabula::stream_function {

using stream::Events;

class Framing final : public engine::TurnFraming {
 public:
  // `stream_id` must outlive this. `offset_bytes`: how much of the reply comes before what is told.
  Framing(std::string_view stream_id, std::uint64_t offset_bytes)
      : events_(offset_bytes), stream_id_(stream_id) {}

  void text(std::string& out, std::string_view text) override { events_.append_token(out, text); }
  // Its readers have no use for more than `done`.
  void stored(std::string&, const engine::TurnEnd&) override {}
  void done(std::string& out) override { events_.append_done(out, stream_id_); }
  void error(std::string& out, const Problem& problem) override {
    events_.append_error(out, problem);
  }
  void come_back(std::string& out) override { sse::append_retry(out, kComeBackAfterMs); }
  void beat(std::string& out) override { events_.append_ping(out); }

 private:
  static constexpr std::uint32_t kComeBackAfterMs = 1000;

  Events events_;
  std::string_view stream_id_;
};

}  // namespace fabula::stream_function

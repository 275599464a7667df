// An OpenAI-compatible provider as a peer of the simulation: says what the test tells it to, when.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "wasm/sim/exchange.hpp"
#include "wasm/sim/world.hpp"

namespace fabula::tests {

// One chat completions chunk as a server-sent event.
std::string text_event(std::string_view text);
// The last chunks: the reason of the end, the usage, `[DONE]`.
std::string end_events(std::string_view finish_reason = "stop");

class ScriptedModel {
 public:
  explicit ScriptedModel(sim::World& world);

  // The answer to the next requests: pieces of the body, each so long after the one before it.
  struct Piece {
    std::int64_t after_ms;
    std::string bytes;
  };
  std::int64_t head_after_ms = 20;
  std::uint32_t status = 200;
  std::string headers = "content-type: text/event-stream\n";
  std::vector<Piece> pieces;
  enum class End { close, break_connection, stay_open } end = End::close;

  // Tells `text` word by word, `gap_ms` apart, and ends properly.
  void tell(std::string_view text, std::int64_t gap_ms);

  std::vector<std::shared_ptr<sim::Exchange>> exchanges;

 private:
  sim::World& world_;
};

}  // namespace fabula::tests

// An OpenAI-compatible provider as a peer of the simulation: sends what the test scripts, and when.
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

// The answer to one request: pieces of the body, each so long after the one before it.
struct ModelAnswer {
  struct Piece {
    std::int64_t after_ms;
    std::string bytes;
  };
  enum class End { close, break_connection, stay_open };

  std::int64_t head_after_ms = 20;
  bool is_unreachable = false;  // no connection comes about
  std::uint32_t status = 200;
  std::string headers = "content-type: text/event-stream\n";
  std::vector<Piece> pieces;
  End end = End::close;

  // Tells `text` word by word, `gap_ms` apart, and ends properly.
  void tell(std::string_view text, std::int64_t gap_ms);
};

// Is itself the default answer to every request.
class ScriptedModel : public ModelAnswer {
 public:
  explicit ScriptedModel(sim::World& world, std::string_view base_url = "http://127.0.0.1:9/v1",
                         std::string_view path = "/chat/completions");

  // The answers to the first requests, in their order.
  std::vector<ModelAnswer> first_answers;

  std::vector<std::shared_ptr<sim::Exchange>> exchanges;
  std::vector<std::int64_t> asked_at_ms;  // when each of them began

 private:
  void answer(const std::shared_ptr<sim::Exchange>& exchange, const ModelAnswer& script);

  sim::World& world_;
};

}  // namespace fabula::tests

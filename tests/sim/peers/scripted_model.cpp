#include "tests/sim/peers/scripted_model.hpp"

#include "shared/json/text.hpp"

namespace fabula::tests {

std::string text_event(std::string_view text) {
  std::string event = R"(data: {"choices":[{"index":0,"delta":{"content":)";
  json::Writer(event).string(text);
  return event + "}}]}\n\n";
}

std::string end_events(std::string_view finish_reason) {
  std::string events = R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":)";
  json::Writer(events).string(finish_reason);
  return events +
         "}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}"
         "\n\ndata: [DONE]\n\n";
}

ScriptedModel::ScriptedModel(sim::World& world) : world_(world) {
  world.serve("http://127.0.0.1:9/v1/chat/completions", [this](auto exchange) {
    exchanges.push_back(exchange);
    auto at_ms = head_after_ms;
    world_.clock().after(at_ms, [this, exchange] { exchange->respond(status, headers); });
    for (const auto& piece : pieces) {
      at_ms += piece.after_ms;
      world_.clock().after(at_ms, [exchange, bytes = piece.bytes] { exchange->send(bytes); });
    }
    if (end == End::stay_open) return;
    world_.clock().after(at_ms, [exchange, breaks = end == End::break_connection] {
      breaks ? exchange->break_connection() : exchange->end();
    });
  });
}

void ScriptedModel::tell(std::string_view text, std::int64_t gap_ms) {
  pieces.clear();
  while (!text.empty()) {
    const auto space = text.find(' ', 1);
    const auto word = text.substr(0, space);
    pieces.push_back({gap_ms, text_event(word)});
    text.remove_prefix(word.size());
  }
  pieces.push_back({gap_ms, end_events()});
}

}  // namespace fabula::tests

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

ScriptedModel::ScriptedModel(sim::World& world, std::string_view base_url, std::string_view path)
    : world_(world) {
  world.serve(std::string(base_url).append(path), [this](auto exchange) {
    const auto number = exchanges.size();
    exchanges.push_back(exchange);
    asked_at_ms.push_back(world_.clock().now_ms());
    answer(exchange, number < first_answers.size() ? first_answers[number] : *this);
  });
}

void ScriptedModel::answer(const std::shared_ptr<sim::Exchange>& exchange,
                           const ModelAnswer& script) {
  auto at_ms = script.head_after_ms;
  if (script.is_unreachable) {
    world_.clock().after(at_ms, [exchange] { exchange->break_connection(); });
    return;
  }
  world_.clock().after(at_ms, [exchange, status = script.status, headers = script.headers] {
    exchange->respond(status, headers);
  });
  for (const auto& piece : script.pieces) {
    at_ms += piece.after_ms;
    world_.clock().after(at_ms, [exchange, bytes = piece.bytes] { exchange->send(bytes); });
  }
  if (script.end == End::stay_open) return;
  world_.clock().after(at_ms, [exchange, breaks = script.end == End::break_connection] {
    breaks ? exchange->break_connection() : exchange->end();
  });
}

void ModelAnswer::tell(std::string_view text, std::int64_t gap_ms) {
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

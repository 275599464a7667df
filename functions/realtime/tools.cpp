#include "functions/realtime/tools.hpp"

#include <string>
#include <string_view>

#include "shared/database/realtime.hpp"
#include "shared/json/text.hpp"
#include "wasm/engine/database.hpp"

namespace fabula::realtime_function {
namespace {

using runtime::Task;

struct ToolEvent {
  std::string_view type;
  std::string_view role;
  std::string_view content;
  bool is_error = false;
};

// Failing to store an event ends neither the tool's call nor the reply.
Task<void> add_event(const engine::ToolUse& use, const llm::ToolCall& call, ToolEvent event) {
  std::string metadata;
  json::Writer writer(metadata);
  writer.begin_object().key("call_id").string(call.id).key("name").string(call.name);
  if (event.is_error) writer.key("is_error").boolean(true);
  writer.end_object();
  co_await runtime::attempt(engine::call_function(use.call.context(), use.call.database(),
                                                  database::kAddConversationEvent,
                                                  {.principal = use.caller.principal,
                                                   .session_id = use.session_id,
                                                   .generation_id = use.generation_id,
                                                   .type = event.type,
                                                   .role = event.role,
                                                   .content = event.content,
                                                   .metadata = metadata}));
}

}  // namespace

Task<void> RealtimeTools::before(const engine::ToolUse& use, const llm::ToolCall& call) {
  return add_event(use, call, {"tool_call", "assistant", call.arguments});
}

Task<void> RealtimeTools::after(const engine::ToolUse& use, const llm::ToolCall& call,
                                const llm::ToolAnswer& answer) {
  return add_event(use, call, {"tool_result", "tool", answer.content, answer.is_error});
}

}  // namespace fabula::realtime_function

#include "shared/llm/request/anthropic_request.hpp"

#include "shared/json/text.hpp"
#include "shared/llm/request/alternating_turns.hpp"
#include "shared/llm/request/request_parts.hpp"
#include "shared/llm/route/model_abilities.hpp"

namespace fabula::llm {
namespace {

void append_tool_use(std::string& body, const ToolCall& call) {
  json::Writer writer(body);
  writer.begin_object().key("type").string("tool_use").key("id").string(call.id);
  writer.key("name").string(call.name).key("input").raw(call.arguments).end_object();
}

void append_tool_result(std::string& body, const ToolCall& call, const ToolAnswer& answer) {
  json::Writer writer(body);
  writer.begin_object().key("type").string("tool_result").key("tool_use_id").string(call.id);
  writer.key("content").string(answer.content);
  if (answer.is_error) writer.key("is_error").boolean(true);
  writer.end_object();
}

void write_anthropic_tools(json::Writer& writer, const ModelRequest& request) {
  if (!offers_tools(request)) return;
  writer.key("tools").begin_array();
  for (const auto& tool : request.tools) {
    writer.begin_object().key("name").string(tool.name);
    writer.key("description").string(tool.description);
    writer.key("input_schema").raw(tool.parameters).end_object();
  }
  writer.end_array();
  if (request.may_call_tools) return;
  writer.key("tool_choice").begin_object().key("type").string("none").end_object();
}

constexpr TurnForm kAnthropicForm = {
    .user_begin = R"({"role":"user","content":[)",
    .model_begin = R"({"role":"assistant","content":[)",
    .end = "]}",
    .text_begin = R"({"type":"text","text":")",
    .text_end = R"("})",
    .images = {.by_url = {R"({"type":"image","source":{"type":"url","url":")", {}, R"("}})"},
               .by_data = {R"({"type":"image","source":{"type":"base64","media_type":")",
                           R"(","data":")", R"("}})"}},
    .append_call = &append_tool_use,
    .append_answer = &append_tool_result,
};

// The API requires a limit; this is the maximum of its smallest model.
constexpr int kDefaultOutputTokens = 4096;
// The highest temperature is 1 here, 2 elsewhere.
constexpr int kHottestHundredths = 100;

}  // namespace

std::string_view write_anthropic_request(std::string& body, const Provider& provider,
                                         const ModelRequest& request) {
  const auto use = schema_use(provider, request);
  json::Writer writer(body);
  writer.begin_object().key("model").string(request.model);
  writer.key("max_tokens").integer(request.maximum_output_tokens.value_or(kDefaultOutputTokens));
  if (has_system_text(request, use)) {
    writer.key("system").raw({});
    append_system_text(body, request, use);
  }
  writer.key("messages").begin_array();
  const auto fault =
      append_turns(body, kAnthropicForm, request, displaced_system_text(request, use));
  if (!fault.empty()) return fault;
  writer.end_array().key("stream").boolean(request.is_streamed());
  write_temperature(writer, request, kHottestHundredths);
  write_anthropic_tools(writer, request);
  // Not by a forced tool: models from 5.5 on refuse it.
  if (!request.response_schema.empty() && use == SchemaUse::enforced) {
    writer.key("output_config").begin_object().key("format").begin_object();
    writer.key("type").string("json_schema").key("schema").raw(request.response_schema);
    writer.end_object().end_object();
  }
  writer.end_object();
  return {};
}

}  // namespace fabula::llm

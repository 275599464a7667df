#include "shared/llm/request/gemini_request.hpp"

#include <algorithm>

#include "shared/json/text.hpp"
#include "shared/llm/request/alternating_turns.hpp"
#include "shared/llm/request/request_parts.hpp"
#include "shared/llm/route/model_abilities.hpp"

namespace fabula::llm {
namespace {

// A call's signature encodes the model's thoughts before it; newer models refuse calls without one.
void append_function_call(std::string& body, const ToolCall& call) {
  json::Writer writer(body);
  writer.begin_object().key("functionCall").begin_object().key("id").string(call.id);
  writer.key("name").string(call.name).key("args").raw(call.arguments).end_object();
  if (!call.signature.empty()) writer.key("thoughtSignature").string(call.signature);
  writer.end_object();
}

void append_function_response(std::string& body, const ToolCall& call, const ToolAnswer& answer) {
  json::Writer writer(body);
  writer.begin_object().key("functionResponse").begin_object().key("id").string(call.id);
  writer.key("name").string(call.name).key("response").begin_object();
  writer.key(answer.is_error ? "error" : "output").string(answer.content);
  writer.end_object().end_object().end_object();
}

void write_gemini_tools(json::Writer& writer, const ModelRequest& request) {
  if (!offers_tools(request)) return;
  writer.key("tools").begin_array().begin_object().key("functionDeclarations").begin_array();
  for (const auto& tool : request.tools) {
    writer.begin_object().key("name").string(tool.name);
    writer.key("description").string(tool.description);
    writer.key("parametersJsonSchema").raw(tool.parameters).end_object();
  }
  writer.end_array().end_object().end_array();
  if (request.may_call_tools) return;
  writer.key("toolConfig").begin_object().key("functionCallingConfig").begin_object();
  writer.key("mode").string("NONE").end_object().end_object();
}

// Thoughts count towards the limit, and without their own budget they may use all of it. They get
// at most half; the 2.5 models take a number of tokens, later ones a level.
void write_thinking(json::Writer& writer, const ModelRequest& request) {
  // The larger models cannot stop thinking.
  const int smallest_tokens = request.model.find("pro") == std::string_view::npos ? 0 : 128;
  constexpr int kLargestBudgetTokens = 8192;
  const auto use = thinking_use(request.model);
  if (use == ThinkingUse::unknown || !request.maximum_output_tokens ||
      request.refused.has(RequestPart::thinking)) {
    return;
  }
  writer.key("thinkingConfig").begin_object();
  if (use == ThinkingUse::level) {
    writer.key("thinkingLevel").string("low");
  } else {
    const int half = *request.maximum_output_tokens / 2;
    writer.key("thinkingBudget").integer(std::clamp(half, smallest_tokens, kLargestBudgetTokens));
  }
  writer.end_object();
}

constexpr TurnForm kGeminiForm = {
    .user_begin = R"({"role":"user","parts":[)",
    .model_begin = R"({"role":"model","parts":[)",
    .end = "]}",
    .text_begin = R"({"text":")",
    .text_end = R"("})",
    .images = {.by_url = {R"({"fileData":{"mimeType":")", R"(","fileUri":")", R"("}})"},
               .by_data = {R"({"inlineData":{"mimeType":")", R"(","data":")", R"("}})"}},
    .append_call = &append_function_call,
    .append_answer = &append_function_response,
};

}  // namespace

// Safety settings are left to the provider. The URL contains the model, and whether it streams.
std::string_view write_gemini_request(std::string& body, const Provider& provider,
                                      const ModelRequest& request) {
  const auto use = schema_use(provider, request);
  json::Writer writer(body);
  writer.begin_object();
  if (has_system_text(request, use)) {
    writer.key("systemInstruction").begin_object().key("parts").begin_array();
    writer.begin_object().key("text").raw({});
    append_system_text(body, request, use);
    writer.end_object().end_array().end_object();
  }
  writer.key("contents").begin_array();
  const auto fault = append_turns(body, kGeminiForm, request, displaced_system_text(request, use));
  if (!fault.empty()) return fault;
  writer.end_array();
  write_gemini_tools(writer, request);
  writer.key("generationConfig").begin_object();
  if (request.maximum_output_tokens) {
    writer.key("maxOutputTokens").integer(*request.maximum_output_tokens);
  }
  write_temperature(writer, request);
  write_thinking(writer, request);
  if (!request.response_schema.empty() && use == SchemaUse::enforced) {
    writer.key("responseMimeType").string("application/json");
    // The field for JSON Schema; responseSchema is OpenAPI's dialect of it.
    writer.key("responseJsonSchema").raw(request.response_schema);
  }
  writer.end_object().end_object();
  return {};
}

}  // namespace fabula::llm

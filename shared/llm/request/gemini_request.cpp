#include "shared/llm/request/gemini_request.hpp"

#include "shared/json/text.hpp"
#include "shared/llm/request/alternating_turns.hpp"
#include "shared/llm/request/request_parts.hpp"
#include "shared/llm/route/model_abilities.hpp"

namespace fabula::llm {
namespace {

constexpr TurnForm kGeminiForm = {
    .user_begin = R"({"role":"user","parts":[)",
    .model_begin = R"({"role":"model","parts":[)",
    .end = "]}",
    .text_begin = R"({"text":")",
    .text_end = R"("})",
    .images = {.by_url = {R"({"fileData":{"mimeType":")", R"(","fileUri":")", R"("}})"},
               .by_data = {R"({"inlineData":{"mimeType":")", R"(","data":")", R"("}})"}},
};

}  // namespace

// Safety settings are left to the provider. Its model and whether it streams are in the URL.
std::string_view write_gemini_request(std::string& body, const Provider& provider,
                                      const ModelRequest& request) {
  const auto use = schema_use(provider, request.model);
  json::Writer writer(body);
  writer.begin_object();
  if (has_system_text(request, use)) {
    writer.key("systemInstruction").begin_object().key("parts").begin_array();
    writer.begin_object().key("text").raw({});
    append_system_text(body, request, use);
    writer.end_object().end_array().end_object();
  }
  writer.key("contents").begin_array();
  const auto fault = append_turns(body, kGeminiForm, request);
  if (!fault.empty()) return fault;
  writer.end_array().key("generationConfig").begin_object();
  if (request.maximum_output_tokens) {
    writer.key("maxOutputTokens").integer(*request.maximum_output_tokens);
  }
  write_temperature(writer, request);
  if (!request.response_schema.empty() && use == SchemaUse::enforced) {
    writer.key("responseMimeType").string("application/json");
    // The field that takes JSON Schema; responseSchema is OpenAPI's dialect of it.
    writer.key("responseJsonSchema").raw(request.response_schema);
  }
  writer.end_object().end_object();
  return {};
}

}  // namespace fabula::llm

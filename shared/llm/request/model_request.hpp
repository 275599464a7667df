// A request to a model, and its body in the provider's wire format. The conversation is inserted as
// the JSON text that the database made: it is checked in one pass and never parsed into a document.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/llm/request/attachment.hpp"
#include "shared/llm/request/refused_parts.hpp"
#include "shared/llm/request/tool.hpp"
#include "shared/llm/route/providers.hpp"
#include "shared/result/result.hpp"

namespace fabula::llm {

// Views must live until the body is built.
struct ModelRequest {
  std::string_view model = {};
  std::string_view system_prompt = {};   // "": none
  std::string_view history_json = "[]";  // array of {"role": ..., "content": ...}, both strings
  std::string_view user_text = {};       // "": the history ends with the user's message
  std::span<const Attachment> attachments = {};  // of the user's last message; already checked
  std::optional<int> maximum_output_tokens = {};
  // 70 means 0.7. Left out for models that accept only their default.
  std::optional<int> temperature_hundredths = {};
  // JSON schema of the answer in the form that every provider accepts: objects with `properties`
  // that are all in `required` and `"additionalProperties": false`, arrays with `items`, `enum`,
  // `type` with "null" as a second type for values that may be missing. "": the answer is text.
  std::string_view response_schema = {};
  std::string_view response_schema_name = "answer";  // letters, digits, - and _; 64 at most
  // The tools that the model may call, and the calls and answers since the user's last message.
  std::span<const Tool> tools = {};
  std::span<const ToolRound> rounds = {};
  // The history ends with the model's own text, which the model must continue
  // (continues_own_words); user_text and attachments are empty then.
  bool continues_own_words = false;
  bool may_call_tools = true;  // false: the tools are sent only because of the rounds
  bool is_streaming = true;    // for Gemini the URL determines this: see resolve
  RefusedParts refused = {};   // the parts that the server is known to refuse

  bool is_streamed() const { return is_streaming && !refused.has(RequestPart::streaming); }
};

// Fails (internal_error) when history_json is not such an array, response_schema is not JSON, or
// the model has nothing to answer: the conversation is empty or ends with its own text.
//
// Roles: `assistant` is the model. Anthropic and Gemini have no system messages within a
// conversation, so every other role is the user's there. With all providers messages alternate, as
// some models require: neighbours with the same role become one message, messages without text are
// left out, and a conversation that the model begins (a character's greeting) gets a first message
// of the user, "(The conversation begins.)".
Result<std::string> build_request(const Provider& provider, const ModelRequest& request);

}  // namespace fabula::llm

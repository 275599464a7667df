#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "shared/llm/failure.hpp"
#include "shared/llm/openai_chunk.hpp"

namespace fabula::llm {
namespace {

using json::Document;

void append_text_of(std::string& out, const Document* value) {
  if (!value) return;
  if (const auto* text = value->get_ptr<const std::string*>()) out += *text;
}

// Mistral: {"type":"thinking","thinking":[{"type":"text","text":"..."}]}; others put a text there.
void append_thinking(std::string& out, const Document& part) {
  const auto* thinking = json::find(part, "thinking");
  if (!thinking || !thinking->is_array()) {
    append_text_of(out, thinking ? thinking : json::find(part, "text"));
    return;
  }
  for (const auto& piece : *thinking) append_text_of(out, json::find(piece, "text"));
}

void append_part(OpenAiChunk& chunk, const Document& part) {
  const auto type = json::string_at(part, "type").value_or("text");
  if (type == "thinking" || type == "reasoning") {
    append_thinking(chunk.reasoning, part);
  } else if (type == "text") {
    append_text_of(chunk.text, part.is_string() ? &part : json::find(part, "text"));
  }
}

// A text, a list of parts (Mistral), or a number where the token was one (Workers AI).
void append_content(OpenAiChunk& chunk, const Document& content) {
  if (content.is_number()) {
    chunk.text += json::dump(content);
  } else if (content.is_array()) {
    for (const auto& part : content) append_part(chunk, part);
  } else {
    append_part(chunk, content);
  }
}

void append_reasoning_details(std::string& out, const Document& delta) {
  const auto* details = json::find(delta, "reasoning_details");
  if (!details || !details->is_array()) return;
  for (const auto& detail : *details) {
    append_text_of(out, json::find(detail, "text"));
    append_text_of(out, json::find(detail, "summary"));
  }
}

// The same thinking may stand in up to three members: the first that has text counts.
void append_reasoning(std::string& out, const Document& delta) {
  const auto size_before = out.size();
  append_text_of(out, json::find(delta, "reasoning_content"));
  if (out.size() == size_before) append_text_of(out, json::find(delta, "reasoning"));
  if (out.size() == size_before) append_reasoning_details(out, delta);
}

std::int64_t count_at(const Document* object, std::string_view key) {
  if (!object) return 0;
  const auto count = json::integer_at(*object, key).value_or(0);
  return count < 0 ? 0 : count;
}

std::optional<Usage> usage_at(const Document& object) {
  const auto* usage = json::find(object, "usage");
  if (!usage) return std::nullopt;
  if (!json::integer_at(*usage, "prompt_tokens") &&
      !json::integer_at(*usage, "completion_tokens")) {
    return std::nullopt;
  }
  Usage counts;
  counts.input_tokens = count_at(usage, "prompt_tokens");
  counts.output_tokens = count_at(usage, "completion_tokens");
  counts.cached_input_tokens =
      count_at(json::find(*usage, "prompt_tokens_details"), "cached_tokens");
  counts.reasoning_tokens =
      count_at(json::find(*usage, "completion_tokens_details"), "reasoning_tokens");
  return counts;
}

// Null, false, 0 and "" are how some say that there was no error.
const Document* error_at(const Document& object) {
  const auto* error = json::find(object, "error");
  if (!error || error->is_null()) return nullptr;
  if (const auto* flag = error->get_ptr<const bool*>(); flag && !*flag) return nullptr;
  if (error->is_number() && *error == 0) return nullptr;
  if (const auto* text = error->get_ptr<const std::string*>(); text && text->empty())
    return nullptr;
  return error;
}

// An error that is the whole document, as vLLM and FastAPI write it.
bool is_error_document(const Document& document) {
  if (json::string_at(document, "object") == std::string_view("error")) return true;
  if (json::find(document, "choices")) return false;
  return json::string_at(document, "message") || json::string_at(document, "detail");
}

bool is_answer(const Document& choice, bool is_first) {
  const auto* index = json::find(choice, "index");
  if (!index || !index->is_number_integer()) return is_first;
  return *index == 0;
}

void read_choice(OpenAiChunk& chunk, const Document& choice) {
  if (const auto* delta = json::find(choice, "delta")) {
    if (const auto* content = json::find(*delta, "content")) append_content(chunk, *content);
    append_text_of(chunk.text, json::find(*delta, "refusal"));
    append_reasoning(chunk.reasoning, *delta);
  }
  if (chunk.finish_reason == FinishReason::none) {
    const auto word = json::string_at(choice, "finish_reason");
    if (word) chunk.finish_reason = finish_reason_named(*word);
  }
  if (!chunk.usage) chunk.usage = usage_at(choice);
  if (const auto* error = error_at(choice)) chunk.problem = classify_reported_error(*error);
}

}  // namespace

void read_any_chunk(std::string_view json, OpenAiChunk& chunk) {
  auto document = json::parse(json);
  if (!document) document = json::parse(json::replace_lone_surrogates(json));
  if (!document || !document->is_object()) {
    chunk.problem = provider_problem(ErrorCode::provider_malformed, "a chunk is no JSON object");
    return;
  }

  chunk.usage = usage_at(*document);
  if (const auto* choices = json::find(*document, "choices"); choices && choices->is_array()) {
    bool is_first = true;
    for (const auto& choice : *choices) {
      if (is_answer(choice, is_first)) read_choice(chunk, choice);
      is_first = false;
    }
  }
  if (const auto* groq = json::find(*document, "x_groq"); groq && !chunk.usage) {
    chunk.usage = usage_at(*groq);
  }
  if (const auto* error = error_at(*document)) {
    chunk.problem = classify_reported_error(*error);
  } else if (is_error_document(*document)) {
    chunk.problem = classify_reported_error(*document);
  }
}

}  // namespace fabula::llm

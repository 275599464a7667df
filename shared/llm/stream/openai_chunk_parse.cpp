#include <cmath>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/openai_chunk.hpp"

namespace fabula::llm {
namespace {

using json::Document;

void append_text_of(std::string& out, const Document* value) {
  if (!value) return;
  if (const auto* text = value->get_ptr<const std::string*>()) out += *text;
}

// Mistral: {"type":"thinking","thinking":[{"type":"text","text":"..."}]}; others have a text there.
void append_thinking(std::string& out, const Document& part) {
  const auto* thinking = json::find(part, "thinking");
  if (!thinking || !thinking->is_array()) {
    append_text_of(out, thinking ? thinking : json::find(part, "text"));
    return;
  }
  for (const auto& piece : *thinking) append_text_of(out, json::find(piece, "text"));
}

void append_part(StreamChunk& chunk, const Document& part) {
  const auto type = json::string_at(part, "type").value_or("text");
  if (type == "thinking" || type == "reasoning") {
    append_thinking(chunk.reasoning, part);
  } else if (type == "text") {
    append_text_of(chunk.text, part.is_string() ? &part : json::find(part, "text"));
  }
}

// A text, a list of parts (Mistral), or a number where the token was one (Workers AI).
void append_content(StreamChunk& chunk, const Document& content) {
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

// The same thinking may be in up to three members: the first with text counts.
void append_reasoning(std::string& out, const Document& delta) {
  const auto size_before = out.size();
  append_text_of(out, json::find(delta, "reasoning_content"));
  if (out.size() == size_before) append_text_of(out, json::find(delta, "reasoning"));
  if (out.size() == size_before) append_reasoning_details(out, delta);
}

// A text of raw JSON, as all providers send it, or the JSON itself.
void append_arguments(std::string& out, const Document* arguments) {
  if (!arguments || arguments->is_null()) return;
  if (arguments->is_string()) return append_text_of(out, arguments);
  out += json::dump(*arguments);
}

ToolCallPiece tool_call_piece(const Document& call, const Document* function) {
  ToolCallPiece piece;
  piece.number = json::integer_at(call, "index");
  append_text_of(piece.id, json::find(call, "id"));
  if (function) {
    append_text_of(piece.name, json::find(*function, "name"));
    append_arguments(piece.arguments, json::find(*function, "arguments"));
  }
  return piece;
}

void append_tool_calls(StreamChunk& chunk, const Document& delta) {
  const auto* calls = json::find(delta, "tool_calls");
  if (calls && calls->is_object()) {  // Text Generation Inference sends at most one
    chunk.tool_calls.push_back(tool_call_piece(*calls, json::find(*calls, "function")));
  } else if (calls && calls->is_array() && !calls->empty()) {
    for (const auto& call : *calls) {
      auto piece = tool_call_piece(call, json::find(call, "function"));
      // A named piece next to another in one chunk begins a new call.
      const bool is_first = &call == &calls->front();
      piece.begins_call = !is_first && !piece.number && piece.id.empty() && !piece.name.empty();
      chunk.tool_calls.push_back(std::move(piece));
    }
  } else if (const auto* function = json::find(delta, "function_call");
             function && function->is_object()) {
    chunk.tool_calls.push_back(tool_call_piece(Document(), function));
  }
}

std::int64_t count_at(const Document* object, std::string_view key) {
  if (!object) return 0;
  const auto count = json::integer_at(*object, key).value_or(0);
  return count < 0 ? 0 : count;
}

// In US dollars, from OpenRouter.
std::optional<double> cost_of(const Document& usage) {
  const auto* cost = json::find(usage, "cost");
  if (!cost || !cost->is_number()) return std::nullopt;
  const auto cost_usd = cost->get<double>();
  return std::isfinite(cost_usd) && cost_usd >= 0 ? std::optional(cost_usd) : std::nullopt;
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
  counts.cost_usd = cost_of(*usage);
  return counts;
}

// From Groq's x_groq, or a similar object of another provider; the last if there are several.
std::optional<Usage> vendor_usage(const Document& document) {
  std::optional<Usage> usage;
  if (const auto* members = document.get_ptr<const Document::object_t*>()) {
    for (const auto& [name, member] : *members) {
      if (const auto inner = usage_at(member)) usage = inner;
    }
  }
  return usage;
}

// Whether the whole document is an error, as vLLM and FastAPI write it.
bool is_error_document(const Document& document) {
  if (json::string_at(document, "object") == std::string_view("error")) return true;
  if (json::find(document, "choices")) return false;
  return json::string_at(document, "message") || json::string_at(document, "detail");
}

bool is_answer(const Document& choice, bool is_first) {
  const auto* index = json::find(choice, "index");
  if (!index || !index->is_number_integer()) return is_first;
  return index->get<std::int64_t>() == 0;
}

// `part`: the name of the member with the text.
void read_choice(StreamChunk& chunk, const Document& choice, std::string_view part) {
  if (const auto* delta = json::find(choice, part)) {
    if (const auto* content = json::find(*delta, "content")) append_content(chunk, *content);
    append_text_of(chunk.text, json::find(*delta, "refusal"));
    append_reasoning(chunk.reasoning, *delta);
    append_tool_calls(chunk, *delta);
  }
  if (chunk.finish_reason == FinishReason::none) {
    const auto word = json::string_at(choice, "finish_reason");
    if (word) chunk.finish_reason = finish_reason_named(*word);
  }
  if (!chunk.usage) chunk.usage = usage_at(choice);
  if (const auto* error = reported_error(choice)) chunk.problem = classify_reported_error(*error);
}

void read_document(std::string_view json, StreamChunk& chunk, std::string_view part) {
  const auto document = json::parse(json, json::LoneSurrogates::allowed);
  chunk.has_lone_surrogates = true;  // or not: it is searched for them
  if (!document || !document->is_object()) {
    chunk.problem = provider_problem(ErrorCode::provider_malformed, "a chunk is no JSON object");
    return;
  }

  chunk.usage = usage_at(*document);
  if (const auto* choices = json::find(*document, "choices"); choices && choices->is_array()) {
    bool is_first = true;
    for (const auto& choice : *choices) {
      if (is_answer(choice, is_first)) read_choice(chunk, choice, part);
      is_first = false;
    }
  }
  if (!chunk.usage) chunk.usage = vendor_usage(*document);
  if (const auto* error = reported_error(*document)) {
    chunk.problem = classify_reported_error(*error);
  } else if (is_error_document(*document)) {
    chunk.problem = classify_reported_error(*document);
  }
}

}  // namespace

void read_any_openai_chunk(std::string_view json, StreamChunk& chunk) {
  read_document(json, chunk, "delta");
}

void read_openai_answer(std::string_view json, StreamChunk& chunk) {
  read_document(json, chunk, "message");
  chunk.is_last =
      chunk.finish_reason != FinishReason::none || !chunk.text.empty() || !chunk.tool_calls.empty();
}

}  // namespace fabula::llm

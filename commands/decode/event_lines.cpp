#include "commands/decode/event_lines.hpp"

#include <utility>

#include "shared/json/text.hpp"

namespace fabula::decode {
namespace {

void write_call(json::Writer& line, const llm::ToolCall& call) {
  line.begin_object().key("id").string(call.id).key("name").string(call.name);
  line.key("arguments").string(call.arguments).end_object();
}

void write_usage(json::Writer& line, const llm::Usage& usage) {
  line.begin_object().key("input_tokens").integer(usage.input_tokens);
  line.key("output_tokens").integer(usage.output_tokens).end_object();
}

void write_error(json::Writer& line, const Problem& problem) {
  const auto message =
      problem.detail + " (" + std::string(facts(problem.code).name) + ": " + problem.cause + ")";
  line.begin_object().key("message").string(message).end_object();
}

}  // namespace

void EventLines::write_text(std::string_view type, std::string_view text) {
  json::Writer line(lines_);
  line.begin_object().key("type").string(type).key("text").string(text).end_object();
  lines_ += '\n';
}

void EventLines::on_text(std::string_view text) {
  text_ += text;
  write_text("text", text);
}

void EventLines::on_reasoning(std::string_view text) {
  reasoning_ += text;
  write_text("reasoning", text);
}

void EventLines::on_tool_call(const llm::ToolCallPart& part) {
  tool_calls_.add(part);
  json::Writer line(lines_);
  line.begin_object().key("type").string("tool_call");
  line.key("index").integer(static_cast<std::int64_t>(part.index));
  if (!part.id.empty()) line.key("id").string(part.id);
  if (!part.name.empty()) line.key("name").string(part.name);
  if (!part.arguments.empty()) line.key("arguments").string(part.arguments);
  line.end_object();
  lines_ += '\n';
}

void EventLines::write_end(const llm::StreamSummary& summary) {
  json::Writer line(lines_);
  line.begin_object().key("type").string("end").key("complete").boolean(summary.complete);
  line.key("finish_reason");
  if (summary.finish_reason == llm::FinishReason::none) {
    line.null();
  } else {
    line.string(llm::name(summary.finish_reason));
  }
  line.key("text").string(text_).key("reasoning").string(reasoning_);
  line.key("tool_calls").begin_array();
  for (const auto& call : tool_calls_.all()) write_call(line, call);
  line.end_array().key("usage");
  if (summary.usage) {
    write_usage(line, *summary.usage);
  } else {
    line.null();
  }
  line.key("error");
  if (summary.problem) {
    write_error(line, *summary.problem);
  } else {
    line.null();
  }
  line.end_object();
  lines_ += '\n';
}

std::string EventLines::take() { return std::exchange(lines_, {}); }

}  // namespace fabula::decode

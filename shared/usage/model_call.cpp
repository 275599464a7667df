#include "shared/usage/model_call.hpp"

#include "shared/json/document.hpp"
#include "shared/json/text.hpp"

namespace fabula::usage {
namespace {

void write_usage(json::Writer& writer, const llm::Usage& usage) {
  writer.key("input_tokens").integer(usage.input_tokens);
  writer.key("cached_tokens").integer(usage.cached_input_tokens);
  writer.key("cache_write_tokens").integer(usage.cache_write_tokens);
  writer.key("output_tokens").integer(usage.output_tokens);
  writer.key("reasoning_tokens").integer(usage.reasoning_tokens);
  if (usage.cost_usd) writer.key("cost_usd").raw(json::dump(json::Document(*usage.cost_usd)));
}

void write_call(json::Writer& writer, const ModelCall& call) {
  writer.begin_object();
  writer.key("provider").string(call.provider).key("model").string(call.model);
  writer.key("status").string(turn::name(call.status));
  if (call.error) writer.key("error_code").string(facts(*call.error).name);
  writer.key("started_at").integer(call.started_at_ms);
  writer.key("latency_ms").integer(call.latency_ms);
  if (call.first_token_ms) writer.key("first_token_ms").integer(*call.first_token_ms);
  if (call.usage) {
    write_usage(writer, *call.usage);
  } else if (call.estimated_output_tokens > 0) {
    writer.key("estimated_output_tokens").integer(call.estimated_output_tokens);
  }
  writer.key("round").integer(call.round).end_object();
}

}  // namespace

void append_model_calls(std::string& out, std::span<const ModelCall> calls) {
  json::Writer writer(out);
  writer.begin_array();
  for (const auto& call : calls) write_call(writer, call);
  writer.end_array();
}

}  // namespace fabula::usage

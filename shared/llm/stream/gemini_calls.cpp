#include "shared/llm/stream/gemini_calls.hpp"

#include <string>
#include <utility>

#include "shared/json/document.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "shared/json/scanner.hpp"
#include "shared/llm/stream/failure.hpp"

namespace fabula::llm {
namespace {

bool is_object(std::string_view json) { return !json.empty() && json.front() == '{'; }

std::string string_or_empty(std::string_view json) { return json::string_value(json).value_or(""); }

bool add_all(PartialArguments& arguments, std::string_view json) {
  auto partials = json::parse(json);
  if (!partials) return true;  // no pieces
  for (auto& partial : *partials) {
    if (!arguments.add(std::move(partial))) return false;
  }
  return true;
}

}  // namespace

std::optional<Problem> GeminiCalls::read(std::string_view json, std::string_view signature,
                                         StreamSink& sink) {
  json::RawMember members[] = {{"id"}, {"name"}, {"args"}, {"partialArgs"}, {"willContinue"}};
  const auto& [id, name, whole, partial, goes_on] = members;
  std::string repaired;
  if (!json::find_raw_members(json, members)) {
    repaired = json::replace_lone_surrogates(json);
    if (!json::find_raw_members(repaired, members)) return std::nullopt;
  }

  const std::string name_text = string_or_empty(name.value);
  const bool is_last_piece = goes_on.value != "true";
  if (!name_text.empty()) {
    close(sink);
    const std::string id_text = string_or_empty(id.value);
    const std::string signature_text = string_or_empty(signature);
    if (is_last_piece && partial.value.empty()) {
      const auto arguments = is_object(whole.value) ? whole.value : "{}";
      sink.on_tool_call({count_++, id_text, name_text, arguments, signature_text});
      return std::nullopt;
    }
    sink.on_tool_call({count_, id_text, name_text, {}, signature_text});
    arguments_.assign(json::Document::object_t());
    is_open_ = true;
  }
  if (!is_open_) return std::nullopt;  // one end too many

  if (is_object(whole.value)) {
    if (auto arguments = json::parse(whole.value)) arguments_.assign(std::move(*arguments));
  }
  if (!add_all(arguments_, partial.value)) {
    return provider_problem(ErrorCode::provider_malformed, "arguments of a call in pieces");
  }
  if (is_last_piece) close(sink);
  return std::nullopt;
}

void GeminiCalls::close(StreamSink& sink) {
  if (!is_open_) return;
  is_open_ = false;
  sink.on_tool_call({count_++, {}, {}, arguments_.text()});
}

}  // namespace fabula::llm

#include "shared/llm/answer/structured_output.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "generated/prompts.hpp"
#include "shared/json/lone_surrogates.hpp"
#include "shared/llm/answer/json_in_text.hpp"
#include "shared/llm/answer/schema_check.hpp"
#include "shared/llm/stream/failure.hpp"

namespace fabula::llm {
namespace {

std::string_view without_thoughts(std::string_view reply) {
  constexpr std::string_view kEnd = "</think>";
  const auto end = reply.rfind(kEnd);
  return end == std::string_view::npos ? reply : reply.substr(end + kEnd.size());
}

// Whether some list had a complete item when the reply ended: anything less is useless.
bool holds_item(const json::Document& document) {
  if (document.is_array()) return !document.empty();
  return document.is_object() && std::any_of(document.begin(), document.end(), holds_item);
}

std::string in_words(const FieldError& error) {
  return (error.path.empty() ? "The answer" : error.path) + " " + error.message + ".";
}

}  // namespace

Result<StructuredOutput> read_structured_output(std::string_view reply, std::string_view schema) {
  const auto wanted = json::parse(schema);
  if (!wanted) return tl::unexpected(wanted.error());
  const bool is_array = json::string_at(*wanted, "type") == "array";
  JsonFinder finder(without_thoughts(reply), is_array ? '[' : '{');
  std::vector<FieldError> errors;
  while (const auto found = finder.next()) {
    auto document = json::parse(json::replace_lone_surrogates(found->text));
    if (!document) continue;
    const bool is_part = found->is_truncated && holds_item(*document);
    auto faults = check_schema(*document, *wanted, is_part ? Extent::part : Extent::whole);
    if (faults.empty()) return StructuredOutput{std::move(*document), found->is_truncated};
    if (errors.empty()) errors = std::move(faults);
  }
  if (errors.empty()) {
    errors.push_back({"", is_array ? "holds no JSON array" : "holds no JSON object"});
  }
  auto malformed = provider_problem(ErrorCode::provider_malformed, in_words(errors.front()));
  malformed.errors = std::move(errors);
  return tl::unexpected(std::move(malformed));
}

std::string correction_request(const Problem& problem) {
  std::string faults;
  for (const auto& error : problem.errors) faults += "\n- " + in_words(error);
  return prompts::filled(prompts::kAnswerCorrection, {{"faults", faults}});
}

}  // namespace fabula::llm

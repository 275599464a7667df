#include "shared/llm/request/refused_parts.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "shared/text/ascii.hpp"

namespace fabula::llm {
namespace {

struct PartName {
  std::string_view words;  // in lower case
  RequestPart part;
};

constexpr PartName kPartNames[] = {
    {"stream_options", RequestPart::stream_options},
    {"include_usage", RequestPart::stream_options},
    {"include_obfuscation", RequestPart::stream_options},
    {"developer instruction", RequestPart::system_role},
    {"systeminstruction", RequestPart::system_role},
    {"system_instruction", RequestPart::system_role},
    {"response_format", RequestPart::response_format},
    {"response format", RequestPart::response_format},
    {"json_schema", RequestPart::response_format},
    {"json schema", RequestPart::response_format},
    {"json_object", RequestPart::response_format},
    {"json mode", RequestPart::response_format},
    {"structured output", RequestPart::response_format},
    {"output_config", RequestPart::response_format},
    {"responsejsonschema", RequestPart::response_format},
    {"response_json_schema", RequestPart::response_format},
    {"responsemimetype", RequestPart::response_format},
    {"temperature", RequestPart::temperature},
    {"tools", RequestPart::tools},
    {"tool_choice", RequestPart::tools},
    {"tool choice", RequestPart::tools},
    {"tool use", RequestPart::tools},
    {"function calling", RequestPart::tools},
    {"thinking", RequestPart::thinking},
    {"support streaming", RequestPart::streaming},
    {"streaming is", RequestPart::streaming},
    {"streaming not", RequestPart::streaming},
    {"to stream this model", RequestPart::streaming},
};

// Phrases by which servers say that they do not support something at all, as opposed to a value
// that is too large or too long.
constexpr std::string_view kComplaints[] = {
    "support",       "unsupported",    "unrecognized",       "unknown",    "extra",
    "permitted",     "not allow",      "unexpected",         "not accept", "not enabled",
    "not available", "is unavailable", "additional propert", "instead",    "forbidden",
    "invalid",       "disabled",       "cannot find",        "deprecated", "must be verified",
    "requires --"};
constexpr std::string_view kTooMuch[] = {"too large", "at most", "exceed", "less than",
                                         "maximum value"};

bool has_any(std::string_view text, std::span<const std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

// Not a complaint about the role: "safety system", which refuses the content.
bool is_about_system_role(std::string_view words) {
  constexpr std::string_view kOthers[] = {"role", "message", "prompt", "instruction",
                                          "extra input"};
  return words.find("system") != std::string_view::npos && has_any(words, kOthers) &&
         words.find("safety") == std::string_view::npos;
}

// "Input should be 'user' or 'assistant'", said about the role of a message.
bool names_other_roles(std::string_view words) {
  return words.find("role") != std::string_view::npos &&
         words.find("should be 'user'") != std::string_view::npos &&
         words.find("system") == std::string_view::npos;
}

bool is_about_token_limit(std::string_view words) {
  constexpr std::string_view kFields[] = {"max_tokens", "max_completion_tokens"};
  return has_any(words, kFields) && !has_any(words, kTooMuch);
}

}  // namespace

RefusedParts with_complaints(RefusedParts known, const Problem& problem) {
  const bool may_be_about_parts = problem.code == ErrorCode::provider_refused_request ||
                                  problem.code == ErrorCode::provider_error;
  if (!may_be_about_parts) return known;
  const auto words = text::to_lower(problem.provider_message);
  if (names_other_roles(words)) known.add(RequestPart::system_role);
  if (!has_any(words, kComplaints)) return known;
  for (const auto& [name, part] : kPartNames) {
    if (words.find(name) != std::string::npos) known.add(part);
  }
  if (is_about_system_role(words)) known.add(RequestPart::system_role);
  if (is_about_token_limit(words)) {
    const bool is_other_refused = known.has(RequestPart::token_limit_field);
    known.add(is_other_refused ? RequestPart::token_limit : RequestPart::token_limit_field);
  }
  return known;
}

}  // namespace fabula::llm

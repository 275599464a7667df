// A conversation in the form that Anthropic and Gemini require: user and model alternate, the user
// begins, every message is a list of parts that are not blank.
#pragma once

#include <string>
#include <string_view>

#include "shared/llm/request/model_request.hpp"
#include "shared/llm/request/request_parts.hpp"

namespace fabula::llm {

struct TurnForm {
  std::string_view user_begin;
  std::string_view model_begin;
  std::string_view end;  // ends a message of either
  std::string_view text_begin;
  std::string_view text_end;
  ImageForm images;
  // Append a part of the model's message, and of the user's message that follows it.
  void (*append_call)(std::string& body, const ToolCall& call);
  void (*append_answer)(std::string& body, const ToolCall& call, const ToolAnswer& answer);
};

// Appends the messages, separated by commas. `opening`, the contents of a JSON string, is the
// user's first text; "" for none. Returns the fault of the conversation, or "".
std::string_view append_turns(std::string& body, const TurnForm& form, const ModelRequest& request,
                              std::string_view opening);

}  // namespace fabula::llm

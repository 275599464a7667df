#include "shared/llm/openai_request.hpp"

#include "shared/json/scanner.hpp"
#include "shared/json/text.hpp"
#include "shared/text/ascii.hpp"

namespace fabula::llm {
namespace {

// What stands between the brackets of an array of objects; nothing for any other text.
std::optional<std::string_view> elements_of(std::string_view array) {
  json::Scanner scanner(array);
  if (!scanner.enter_array()) return std::nullopt;
  std::string_view first;
  std::string_view last;
  while (scanner.next_element()) {
    if (scanner.peek() != json::Kind::object) return std::nullopt;
    last = scanner.skip_value();
    if (first.empty()) first = last;
  }
  if (!scanner.finish()) return std::nullopt;
  if (first.empty()) return first;
  return std::string_view(first.data(),
                          static_cast<std::size_t>(last.data() + last.size() - first.data()));
}

void write_message(json::Writer& writer, std::string_view role, std::string_view content) {
  writer.begin_object().key("role").string(role).key("content").string(content).end_object();
}

// OpenAI's reasoning models (o1, o3-mini, gpt-5-mini, openai/o4-mini) answer 400 to any other
// temperature than their own.
bool takes_temperature(std::string_view model) {
  const auto slash = model.rfind('/');
  const auto name = slash == std::string_view::npos ? model : model.substr(slash + 1);
  const bool is_o_series = name.size() >= 2 && name[0] == 'o' && text::is_digit(name[1]);
  return !is_o_series && name.substr(0, 5) != "gpt-5";
}

// 70 is 0.70: floating point would bring its printing along.
std::string hundredths(int value) {
  std::string text;
  json::append_integer(text, value / 100);
  text.push_back('.');
  text.push_back(static_cast<char>('0' + value / 10 % 10));
  text.push_back(static_cast<char>('0' + value % 10));
  return text;
}

std::string_view field_name(TokenLimitField field) {
  return field == TokenLimitField::max_tokens ? "max_tokens" : "max_completion_tokens";
}

}  // namespace

Result<std::string> build_openai_request(const Provider& provider, const OpenAiRequest& request) {
  const auto history = elements_of(request.history_json);
  if (!history) {
    return problem(ErrorCode::internal_error, "The conversation could not be read. Try again.",
                   "the history is not a JSON array of objects");
  }

  std::string body;
  // In one allocation: memory of a WebAssembly instance that was once taken is never given back.
  constexpr std::size_t kFrameBytes = 512;
  body.reserve(kFrameBytes + request.system_prompt.size() + history->size() +
               request.user_text.size() + request.user_text.size() / 8);
  json::Writer writer(body);
  writer.begin_object().key("model").string(request.model).key("messages").begin_array();
  if (!request.system_prompt.empty()) write_message(writer, "system", request.system_prompt);
  if (!history->empty()) writer.raw(*history);
  if (!request.user_text.empty()) write_message(writer, "user", request.user_text);
  writer.end_array().key("stream").boolean(true);
  if (provider.takes_stream_options) {
    writer.key("stream_options").begin_object().key("include_usage").boolean(true);
    if (provider.pads_chunks) writer.key("include_obfuscation").boolean(false);
    writer.end_object();
  }
  if (request.maximum_output_tokens) {
    writer.key(field_name(provider.token_limit_field)).integer(*request.maximum_output_tokens);
  }
  if (request.temperature_hundredths && takes_temperature(request.model)) {
    writer.key("temperature").raw(hundredths(*request.temperature_hundredths));
  }
  writer.end_object();
  return body;
}

}  // namespace fabula::llm

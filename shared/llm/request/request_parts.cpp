#include "shared/llm/request/request_parts.hpp"

#include <algorithm>
#include <array>

#include "generated/prompts.hpp"
#include "shared/llm/route/model_abilities.hpp"

namespace fabula::llm {
namespace {

bool is_told(const ModelRequest& request, SchemaUse schema_use) {
  return !request.response_schema.empty() && schema_use != SchemaUse::enforced;
}

void append_system_contents(std::string& body, const ModelRequest& request, SchemaUse schema_use) {
  json::append_string_contents(body, request.system_prompt);
  if (!is_told(request, schema_use)) return;
  if (!request.system_prompt.empty()) body += "\\n\\n";
  json::append_string_contents(body, prompts::kAnswerForm.text);
  body += "\\n";
  json::append_string_contents(body, request.response_schema);
}

// Within a text the quotes would be escaped.
std::size_t count_messages(std::string_view history_json) {
  constexpr std::string_view kKey = R"("role")";
  std::size_t count = 0;
  for (std::size_t at = 0; (at = history_json.find(kKey, at)) != std::string_view::npos; ++at) {
    ++count;
  }
  return count;
}

}  // namespace

std::size_t expected_bytes(WireFormat format, const ModelRequest& request) {
  constexpr std::size_t kFrameBytes = 1024;
  constexpr std::size_t kPartFrameBytes = 128;
  // How many bytes longer a message is than in the history, in the order of WireFormat.
  constexpr std::array<std::size_t, 3> kMessageGrowthBytes = {0, 26, 10};
  const auto growth_bytes = kMessageGrowthBytes[static_cast<std::size_t>(format)];
  const auto with_escapes = [](std::string_view text) { return text.size() + text.size() / 8; };
  std::size_t bytes = kFrameBytes + with_escapes(request.system_prompt) +
                      request.history_json.size() +
                      growth_bytes * count_messages(request.history_json) +
                      with_escapes(request.user_text) + 2 * with_escapes(request.response_schema);
  for (const auto& attachment : request.attachments) {
    bytes += kPartFrameBytes + attachment.name.size() + with_escapes(attachment.content);
  }
  for (const auto& tool : request.tools) {
    bytes += kPartFrameBytes + with_escapes(tool.description) + tool.parameters.size();
  }
  for (const auto& round : request.rounds) {
    bytes += kPartFrameBytes + with_escapes(round.text);
    for (const auto& call : round.calls) {
      bytes += kPartFrameBytes + with_escapes(call.arguments) + call.signature.size();
    }
    for (const auto& answer : round.answers)
      bytes += kPartFrameBytes + with_escapes(answer.content);
  }
  return bytes;
}

SchemaUse schema_use(const Provider& provider, const ModelRequest& request) {
  if (request.refused.has(RequestPart::response_format)) return SchemaUse::told;
  return schema_use(provider, request.model);
}

bool has_system_text(const ModelRequest& request, SchemaUse schema_use) {
  return !request.refused.has(RequestPart::system_role) &&
         (!request.system_prompt.empty() || is_told(request, schema_use));
}

std::string displaced_system_text(const ModelRequest& request, SchemaUse schema_use) {
  std::string contents;
  if (request.refused.has(RequestPart::system_role)) {
    append_system_contents(contents, request, schema_use);
  }
  return contents;
}

void append_system_text(std::string& body, const ModelRequest& request, SchemaUse schema_use) {
  body += '"';
  append_system_contents(body, request, schema_use);
  body += '"';
}

bool offers_tools(const ModelRequest& request) {
  return !request.tools.empty() &&
         (!request.refused.has(RequestPart::tools) || !request.rounds.empty());
}

void append_attached_text(std::string& body, const Attachment& attachment) {
  body += "<attachment name=\\\"";
  json::append_string_contents(body, attachment.name);
  body += "\\\">\\n";
  json::append_string_contents(body, attachment.content);
  body += "\\n</attachment>";
}

void append_image(std::string& body, const ImageForm& form, const Attachment& image) {
  const auto& frame = image.kind == Attachment::Kind::image_url ? form.by_url : form.by_data;
  body += frame.begin;
  if (!frame.middle.empty()) {
    json::append_string_contents(body, image_media_type(image));
    body += frame.middle;
  }
  json::append_string_contents(body, image.content);
  body += frame.end;
}

void write_temperature(json::Writer& writer, const ModelRequest& request, int hottest) {
  if (!request.temperature_hundredths || !takes_temperature(request.model) ||
      request.refused.has(RequestPart::temperature)) {
    return;
  }
  const int value = std::min(*request.temperature_hundredths, hottest);
  std::string text;
  json::append_hundredths(text, value);
  writer.key("temperature").raw(text);
}

}  // namespace fabula::llm

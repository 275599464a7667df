#include "shared/llm/request_parts.hpp"

#include "shared/json/text.hpp"

namespace fabula::llm {
namespace {

constexpr std::string_view kFormOfAnswer =
    "Answer with one JSON value and nothing else: no introduction, no explanation, no code fence. "
    "It must follow this JSON schema:\n";

bool is_told(const ModelRequest& request, SchemaUse schema_use) {
  return !request.response_schema.empty() && schema_use != SchemaUse::enforced;
}

constexpr std::string_view kBad = "The conversation could not be read. Try again.";

}  // namespace

std::size_t expected_bytes(const ModelRequest& request) {
  constexpr std::size_t kFrameBytes = 2048;
  constexpr std::size_t kPartFrameBytes = 128;
  // Escapes and the frames of messages: an eighth each.
  const auto with_escapes = [](std::string_view text) { return text.size() + text.size() / 8; };
  std::size_t bytes = kFrameBytes + with_escapes(request.system_prompt) +
                      with_escapes(request.history_json) + with_escapes(request.user_text) +
                      2 * with_escapes(request.response_schema);
  for (const auto& attachment : request.attachments) {
    bytes += kPartFrameBytes + attachment.name.size() + with_escapes(attachment.content);
  }
  return bytes;
}

bool has_system_text(const ModelRequest& request, SchemaUse schema_use) {
  return !request.system_prompt.empty() || is_told(request, schema_use);
}

void append_system_text(std::string& body, const ModelRequest& request, SchemaUse schema_use) {
  body += '"';
  json::append_string_contents(body, request.system_prompt);
  if (is_told(request, schema_use)) {
    if (!request.system_prompt.empty()) body += "\\n\\n";
    json::append_string_contents(body, kFormOfAnswer);
    json::append_string_contents(body, request.response_schema);
  }
  body += '"';
}

void append_attached_text(std::string& body, const Attachment& attachment) {
  body += "<attachment name=\\\"";
  json::append_string_contents(body, attachment.name);
  body += "\\\">\\n";
  json::append_string_contents(body, attachment.content);
  body += "\\n</attachment>";
}

void append_image(std::string& body, const ImageForm& form, const Attachment& image) {
  const bool is_url = image.kind == Attachment::Kind::image_url;
  const auto middle = is_url ? form.url_middle : form.data_middle;
  body += is_url ? form.url_begin : form.data_begin;
  if (!middle.empty()) {
    json::append_string_contents(body, image_media_type(image));
    body += middle;
  }
  json::append_string_contents(body, image.content);
  body += is_url ? form.url_end : form.data_end;
}

std::string hundredths(int value) {
  std::string text;
  json::append_integer(text, value / 100);
  text.push_back('.');
  text.push_back(static_cast<char>('0' + value / 10 % 10));
  text.push_back(static_cast<char>('0' + value % 10));
  return text;
}

tl::unexpected<Problem> unreadable_history() {
  return problem(ErrorCode::internal_error, kBad,
                 "the history is not a JSON array of objects with role and content");
}

tl::unexpected<Problem> nothing_to_answer() {
  return problem(ErrorCode::internal_error, kBad, "no message of the user is last");
}

}  // namespace fabula::llm

#include "shared/llm/request/openai_request.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "shared/json/text.hpp"
#include "shared/llm/request/history.hpp"
#include "shared/llm/request/prefill.hpp"
#include "shared/llm/request/request_parts.hpp"
#include "shared/llm/route/model_abilities.hpp"

namespace fabula::llm {
namespace {

constexpr ImageForm kImages = {
    .by_url = {R"({"type":"image_url","image_url":{"url":")", {}, R"("}})"},
    .by_data = {R"({"type":"image_url","image_url":{"url":"data:)", ";base64,", R"("}})"},
};

// Escaped for the contents of a JSON string.
constexpr std::string_view kParagraphBreak = "\\n\\n";

bool is_image(const Attachment& attachment) { return attachment.kind != Attachment::Kind::text; }

std::string_view token_limit_name(const Provider& provider, const ModelRequest& request) {
  const bool is_old = (provider.token_limit_field == TokenLimitField::max_tokens) !=
                      request.refused.has(RequestPart::token_limit_field);
  return is_old ? "max_tokens" : "max_completion_tokens";
}

// Writes a message of the history; nothing if it has no role. `opening`: the text that must begin
// the user's first message, for a server that refuses system messages; empty once it is written.
void write_message(json::Writer& writer, std::string& body, const HistoryMessage& message,
                   const ModelRequest& request, std::string& opening) {
  if (message.role.empty()) return;
  const bool is_refused = message.role == "system" && request.refused.has(RequestPart::system_role);
  const auto role = is_refused ? std::string_view("user") : message.role;
  writer.begin_object().key("role").raw({});
  body.append("\"").append(role).append("\"");
  writer.key("content").raw({});
  body += '"';
  if (!opening.empty() && role == "user") {
    body += opening;
    opening.clear();
  }
  body.append(message.content).append("\"");
  writer.end_object();
}

// Writes the model's message that it must continue.
void write_unfinished_message(json::Writer& writer, std::string& body, const Provider& provider,
                              const HistoryMessage& message) {
  writer.begin_object().key("role").string("assistant").key("content").raw({});
  body.append("\"").append(without_trailing_space_json(message.content)).append("\"");
  if (provider.name == "mistral") writer.key("prefix").boolean(true);
  writer.end_object();
}

// Writes the user's last message. `text_contents`, the contents of a JSON string, is the user's
// text in the history since the model's last message. Text without images is one string: not every
// server accepts parts.
void write_user_message(json::Writer& writer, std::string& body, const ModelRequest& request,
                        std::string_view text_contents) {
  writer.begin_object().key("role").string("user").key("content").raw({});
  const bool has_images =
      std::any_of(request.attachments.begin(), request.attachments.end(), is_image);
  if (has_images) body += '[';
  std::string_view separator;
  const auto begin_text = [&] {
    if (has_images) {
      body += separator;
      body += R"({"type":"text","text":")";
    } else {
      body += separator.empty() ? "\"" : "\\n\\n";
    }
    separator = ",";
  };
  const auto write_earlier_text = [&] {
    if (text_contents.empty()) return;
    begin_text();
    body += text_contents;
    if (has_images) body += "\"}";
  };
  // The attachments belong to the last message.
  if (!request.user_text.empty()) write_earlier_text();
  for (const auto& attachment : request.attachments) {
    if (is_image(attachment)) {
      body += separator;
      separator = ",";
      append_image(body, kImages, attachment);
      continue;
    }
    begin_text();
    append_attached_text(body, attachment);
    if (has_images) body += "\"}";
  }
  if (request.user_text.empty()) {
    write_earlier_text();
  } else {
    begin_text();
    json::append_string_contents(body, request.user_text);
    if (has_images) body += "\"}";
  }
  body += has_images ? ']' : '"';
  writer.end_object();
}

// Writes the model's tool calls and their answers.
void write_rounds(json::Writer& writer, std::span<const ToolRound> rounds) {
  for (const auto& round : rounds) {
    writer.begin_object().key("role").string("assistant").key("content");
    if (round.text.empty()) {
      writer.null();
    } else {
      writer.string(round.text);
    }
    writer.key("tool_calls").begin_array();
    for (const auto& call : round.calls) {
      writer.begin_object().key("id").string(call.id).key("type").string("function");
      writer.key("function").begin_object().key("name").string(call.name);
      writer.key("arguments").string(call.arguments).end_object().end_object();
    }
    writer.end_array().end_object();
    for (std::size_t i = 0; i < round.answers.size(); ++i) {
      writer.begin_object().key("role").string("tool");
      writer.key("tool_call_id").string(round.calls[i].id);
      writer.key("content").string(round.answers[i].content).end_object();
    }
  }
}

void write_openai_tools(json::Writer& writer, const ModelRequest& request) {
  if (!offers_tools(request)) return;
  writer.key("tools").begin_array();
  for (const auto& tool : request.tools) {
    writer.begin_object().key("type").string("function").key("function").begin_object();
    writer.key("name").string(tool.name).key("description").string(tool.description);
    writer.key("parameters").raw(tool.parameters).end_object().end_object();
  }
  writer.end_array();
  if (!request.may_call_tools) writer.key("tool_choice").string("none");
}

void write_response_format(json::Writer& writer, const ModelRequest& request, SchemaUse use) {
  if (request.response_schema.empty() || use == SchemaUse::told) return;
  writer.key("response_format").begin_object().key("type");
  if (use == SchemaUse::json_object_and_told) {
    writer.string("json_object");
  } else {
    writer.string("json_schema").key("json_schema").begin_object();
    writer.key("name").string(request.response_schema_name).key("strict").boolean(true);
    writer.key("schema").raw(request.response_schema).end_object();
  }
  writer.end_object();
}

}  // namespace

std::string_view write_openai_request(std::string& body, const Provider& provider,
                                      const ModelRequest& request) {
  const auto use = schema_use(provider, request);
  json::Writer writer(body);
  writer.begin_object().key("model").string(request.model).key("messages").begin_array();
  if (has_system_text(request, use)) {
    writer.begin_object().key("role").string("system").key("content").raw({});
    append_system_text(body, request, use);
    writer.end_object();
  }
  std::string opening = displaced_system_text(request, use);
  if (!opening.empty()) opening += kParagraphBreak;
  const auto write = [&](const HistoryMessage& message_of_history) {
    write_message(writer, body, message_of_history, request, opening);
  };
  History history(request.history_json);
  HistoryMessage last;
  HistoryMessage message;
  std::string joined;  // the last message, if it joins several
  bool is_joined = false;
  while (history.next(message)) {
    if (is_blank_json(message.content)) continue;
    if (message.role == last.role && message.role != "system") {
      // Not every model accepts two consecutive messages with one role.
      if (!is_joined) joined = last.content;
      is_joined = true;
      joined.append(kParagraphBreak).append(message.content);
      last.content = joined;
      continue;
    }
    // Not every model accepts a conversation that it has begun itself.
    if (last.role.empty() && message.role == "assistant") {
      write({.role = "user", .content = kOpening});
    }
    write(last);
    last = message;
    is_joined = false;
  }
  if (!history.is_valid()) return kUnreadableHistory;
  const bool has_more = !request.attachments.empty() || !request.user_text.empty();
  const bool is_joined_to_last = has_more && last.role == "user";
  if (request.continues_own_words && last.role == "assistant") {
    write_unfinished_message(writer, body, provider, last);
  } else if (!is_joined_to_last) {
    write(last);
  }
  if (has_more) {
    if (is_joined_to_last) {
      opening += last.content;
    } else if (!opening.empty()) {
      opening.resize(opening.size() - kParagraphBreak.size());
    }
    write_user_message(writer, body, request, opening);
  } else if (last.role.empty() || (last.role == "assistant" && !request.continues_own_words)) {
    return kNothingToAnswer;
  }
  write_rounds(writer, request.rounds);
  writer.end_array().key("stream").boolean(request.is_streamed());
  if (request.is_streamed() && provider.takes_stream_options &&
      !request.refused.has(RequestPart::stream_options)) {
    writer.key("stream_options").begin_object().key("include_usage").boolean(true);
    if (provider.pads_chunks) writer.key("include_obfuscation").boolean(false);
    writer.end_object();
  }
  if (request.maximum_output_tokens && !request.refused.has(RequestPart::token_limit)) {
    writer.key(token_limit_name(provider, request)).integer(*request.maximum_output_tokens);
  }
  write_temperature(writer, request);
  write_openai_tools(writer, request);
  write_response_format(writer, request, use);
  writer.end_object();
  return {};
}

}  // namespace fabula::llm

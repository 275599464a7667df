#include "shared/chat/events.hpp"

#include "shared/json/text.hpp"
#include "shared/result/error_code.hpp"
#include "shared/sse/encoder.hpp"

namespace fabula::chat {
namespace {

constexpr std::string_view kKeepAlive = "keep-alive";

// Begins a frame whose data is written by the caller as one line of JSON.
void begin_frame(std::string& out, std::uint64_t offset_bytes) {
  sse::append_id(out, offset_bytes);
  out.append("data: ");
}

void end_frame(std::string& out) { out.append("\n\n"); }

void write_unless_empty(json::Writer& writer, std::string_view key, std::string_view value) {
  if (!value.empty()) writer.key(key).string(value);
}

void write_count(json::Writer& writer, std::string_view key, std::optional<std::int64_t> count) {
  writer.key(key);
  if (count) {
    writer.integer(*count);
  } else {
    writer.null();
  }
}

}  // namespace

void Events::append_text(std::string& out, std::string_view text) {
  if (text.empty()) return;
  offset_bytes_ += text.size();
  begin_frame(out, offset_bytes_);
  out.append(R"({"type":"text","content":)");
  json::append_string(out, text);
  out.push_back('}');
  end_frame(out);
}

void Events::append_metadata(std::string& out, const Metadata& metadata) const {
  begin_frame(out, offset_bytes_);
  json::Writer writer(out);
  writer.begin_object().key("type").string("metadata").key("metadata").begin_object();
  write_unless_empty(writer, "session_id", metadata.session_id);
  write_unless_empty(writer, "project_id", metadata.project_id);
  write_unless_empty(writer, "user_id", metadata.user_id);
  write_unless_empty(writer, "message_id", metadata.message_id);
  write_unless_empty(writer, "user_message_id", metadata.user_message_id);
  write_unless_empty(writer, "stream_id", metadata.stream_id);
  write_unless_empty(writer, "model", metadata.model);
  write_unless_empty(writer, "provider", metadata.provider);
  writer.key("tokens").begin_object();
  write_count(writer, "in", metadata.input_tokens);
  write_count(writer, "out", metadata.output_tokens);
  writer.end_object();
  write_unless_empty(writer, "title", metadata.title);
  write_unless_empty(writer, "guest_token", metadata.guest_token);
  if (metadata.dossier) {
    writer.key("dossier_version").integer(metadata.dossier->version);
    writer.key("dossier_pending").boolean(metadata.dossier->is_pending);
    writer.key("dossier_updated").boolean(metadata.dossier->is_updated);
  }
  writer.end_object().end_object();
  end_frame(out);
}

void Events::append_done(std::string& out) const {
  begin_frame(out, offset_bytes_);
  out.append(R"({"type":"done"})");
  end_frame(out);
}

void Events::append_error(std::string& out, const Problem& problem) const {
  const auto& code = facts(problem.code);
  begin_frame(out, offset_bytes_);
  json::Writer writer(out);
  writer.begin_object().key("type").string("error").key("error").begin_object();
  writer.key("code").string(code.name).key("message").string(problem.detail);
  writer.key("retryable").boolean(code.retryable);
  writer.end_object().end_object();
  end_frame(out);
}

void Events::append_keep_alive(std::string& out) { sse::append_comment(out, kKeepAlive); }

}  // namespace fabula::chat

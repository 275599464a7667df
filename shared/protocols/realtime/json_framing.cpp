#include "shared/protocols/realtime/json_framing.hpp"

#include "shared/json/text.hpp"
#include "shared/result/error_code.hpp"
#include "shared/turn/failure_members.hpp"

namespace fabula::protocols::realtime {
namespace {

json::Writer begin(std::string& out, std::string_view type, std::string_view id) {
  json::Writer writer(out);
  writer.begin_object().key("type").string(type).key("id").string(id);
  return writer;
}

}  // namespace

void JsonFraming::begun(std::string& out, const turn::event::Begun& begun) {
  const auto& turn = begun.turn;
  auto writer = begin(out, "accepted", telling_.id);
  writer.key("stream_id").string(turn.stream_id);
  writer.key("user_message_id").string(turn.user_message_id);
  if (!turn.message_id.empty()) writer.key("message_id").string(turn.message_id);
  writer.end_object();
}

void JsonFraming::text(std::string& out, std::string_view text) {
  if (text.empty()) return;
  auto writer = begin(out, "token", telling_.id);
  writer.key("text").string(text);
  writer.key("offset").integer(static_cast<std::int64_t>(telling_.offset_bytes)).end_object();
  telling_.offset_bytes += text.size();
}

void JsonFraming::reasoning(std::string& out, std::string_view text) {
  begin(out, "reasoning", telling_.id).key("text").string(text).end_object();
}

void JsonFraming::tool_call(std::string& out, const turn::event::ToolCall& call) {
  auto writer = begin(out, "tool_call", telling_.id);
  writer.key("call_id").string(call.id).key("name").string(call.name);
  writer.key("arguments").raw(call.arguments).end_object();
}

void JsonFraming::tool_result(std::string& out, const turn::event::ToolResult& result) {
  auto writer = begin(out, "tool_result", telling_.id);
  writer.key("call_id").string(result.id).key("name").string(result.name);
  writer.key("content").string(result.content);
  writer.key("is_error").boolean(result.is_error).end_object();
}

void JsonFraming::stored(std::string&, const turn::event::Stored& stored) {
  message_id_ = stored.message_id;
}

void JsonFraming::finished(std::string& out, const turn::event::Finished& finished) {
  auto writer = begin(out, "done", telling_.id);
  if (!message_id_.empty()) writer.key("message_id").string(message_id_);
  writer.key("finish_reason").string(finished.finish_reason).end_object();
}

void JsonFraming::failed(std::string& out, const turn::event::Failed& failed) const {
  write_failure(out, telling_.id, failed);
}

void write_failure(std::string& out, std::string_view id, const turn::event::Failed& failed) {
  const Problem& problem = failed.problem;
  const auto& code = facts(problem.code);
  json::Writer writer(out);
  writer.begin_object().key("type").string("error");
  if (!id.empty()) writer.key("id").string(id);
  writer.key("code").string(code.name).key("message").string(problem.detail);
  writer.key("retryable").boolean(code.retryable);
  if (!problem.errors.empty()) {
    writer.key("errors").begin_array();
    for (const auto& error : problem.errors) {
      writer.begin_object().key("path").string(error.path);
      writer.key("message").string(error.message).end_object();
    }
    writer.end_array();
  }
  turn::write_failure_members(writer, failed);
  writer.end_object();
}

}  // namespace fabula::protocols::realtime

#include "shared/protocols/companion/whole_framing.hpp"

#include <cstdint>

#include "shared/http/problem_response.hpp"
#include "shared/json/text.hpp"
#include "shared/protocols/companion/metadata.hpp"

namespace fabula::protocols::companion {
namespace {

void write_unless_empty(json::Writer& writer, std::string_view key, std::string_view value) {
  if (!value.empty()) writer.key(key).string(value);
}

// In the format of services with OpenAI's protocol.
void write_usage(json::Writer& writer, const std::optional<llm::Usage>& usage) {
  writer.key("usage");
  if (!usage) {
    writer.null();
    return;
  }
  writer.begin_object().key("prompt_tokens").integer(usage->input_tokens);
  writer.key("completion_tokens").integer(usage->output_tokens);
  writer.key("total_tokens").integer(usage->input_tokens + usage->output_tokens).end_object();
}

}  // namespace

void WholeFraming::begun(std::string&, const turn::event::Begun& begun) {
  json::Writer writer(members_);
  write_conversation(writer, begun.turn);
  write_unless_empty(writer, "user_id", begun.turn.user_id);
  write_unless_empty(writer, "user_message_id", begun.turn.user_message_id);
  write_unless_empty(writer, "stream_id", begun.turn.stream_id);
  write_unless_empty(writer, "guest_token", new_guest_token_);
  title_ = begun.turn.title;
}

void WholeFraming::text(std::string&, std::string_view text) { content_.append(text); }

void WholeFraming::stored(std::string&, const turn::event::Stored& stored) {
  std::string reply;
  json::Writer writer(reply);
  write_unless_empty(writer, "message_id", stored.message_id);
  writer.key("model").string(stored.model);
  write_unless_empty(writer, "provider", stored.provider);
  write_usage(writer, stored.usage);
  members_.append(",").append(reply);
}

void WholeFraming::finished(std::string& out, const turn::event::Finished& finished) {
  out.append("{").append(members_).append(R"(,"content":)");
  json::append_string(out, content_);
  out.append(R"(,"finish_reason":)");
  json::append_string(out, finished.finish_reason);
  if (!title_.empty()) {
    out.append(R"(,"title":)");
    json::append_string(out, title_);
  }
  out.push_back('}');
}

void WholeFraming::failed(std::string& out, const turn::event::Failed& failed) const {
  out.append(http::problem_response(failed.problem, request_id_).body);
  out.pop_back();
  if (!members_.empty()) out.append(",").append(members_);
  if (!content_.empty()) {
    out.append(R"(,"content":)");
    json::append_string(out, content_);
  }
  if (failed.stored_bytes) {
    out.append(R"(,"stored_bytes":)");
    json::append_integer(out, static_cast<std::int64_t>(*failed.stored_bytes));
  }
  out.push_back('}');
}

}  // namespace fabula::protocols::companion

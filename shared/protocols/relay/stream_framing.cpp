#include "shared/protocols/relay/stream_framing.hpp"

#include "shared/json/text.hpp"
#include "shared/result/error_code.hpp"
#include "shared/sse/encoder.hpp"
#include "shared/turn/failure_members.hpp"

namespace fabula::protocols::relay {
namespace {

constexpr std::uint32_t kComeBackAfterMs = 1000;

void begin_frame(std::string& out, std::uint64_t offset_bytes, std::string_view type) {
  sse::append_id(out, offset_bytes);
  sse::append_event_type(out, type);
}

}  // namespace

void StreamFraming::text(std::string& out, std::string_view text) {
  if (text.empty()) return;
  offset_bytes_ += text.size();
  begin_frame(out, offset_bytes_, "token");
  sse::append_data(out, text);
  sse::end_frame(out);
}

// Has no id, so that a reader's last id does not change.
void StreamFraming::beat(std::string& out) {
  sse::append_event_type(out, "ping");
  sse::append_data(out, "{}");
  sse::end_frame(out);
}

void StreamFraming::finished(std::string& out, const turn::event::Finished& finished) {
  begin_frame(out, offset_bytes_, "done");
  out.append("data: ");
  json::Writer writer(out);
  writer.begin_object().key("stream_id").string(stream_id_);
  writer.key("finish_reason").string(finished.finish_reason).end_object();
  out.append("\n\n");
}

void StreamFraming::failed(std::string& out, const turn::event::Failed& failed) const {
  const Problem& problem = failed.problem;
  const auto& code = facts(problem.code);
  begin_frame(out, offset_bytes_, "error");
  out.append("data: ");
  json::Writer writer(out);
  writer.begin_object().key("code").string(code.name).key("message").string(problem.detail);
  writer.key("retryable").boolean(code.retryable);
  turn::write_failure_members(writer, failed);
  writer.end_object();
  out.append("\n\n");
}

void StreamFraming::come_back(std::string& out) { sse::append_retry(out, kComeBackAfterMs); }

}  // namespace fabula::protocols::relay

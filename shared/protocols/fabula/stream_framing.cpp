#include "shared/protocols/fabula/stream_framing.hpp"

#include "shared/json/text.hpp"
#include "shared/protocols/fabula/metadata.hpp"
#include "shared/result/error_code.hpp"
#include "shared/sse/encoder.hpp"
#include "shared/turn/failure_members.hpp"

namespace fabula::protocols::fabula {
namespace {

constexpr std::string_view kKeepAlive = "keep-alive";
constexpr std::uint32_t kComeBackAfterMs = 1000;

// Begins a frame whose data is written by the caller as one line of JSON.
void begin_frame(std::string& out, std::uint64_t offset_bytes) {
  sse::append_id(out, offset_bytes);
  out.append("data: ");
}

void end_frame(std::string& out) { out.append("\n\n"); }

void append_content(std::string& out, std::uint64_t offset_bytes, std::string_view begin,
                    std::string_view text) {
  begin_frame(out, offset_bytes);
  out.append(begin);
  json::append_string(out, text);
  out.push_back('}');
  end_frame(out);
}

}  // namespace

void StreamFraming::text(std::string& out, std::string_view text) {
  if (text.empty()) return;
  offset_bytes_ += text.size();
  append_content(out, offset_bytes_, R"({"type":"text","content":)", text);
}

void StreamFraming::reasoning(std::string& out, std::string_view text) {
  append_content(out, offset_bytes_, R"({"type":"reasoning","content":)", text);
}

void StreamFraming::beat(std::string& out) { sse::append_comment(out, kKeepAlive); }

void StreamFraming::stored(std::string& out, const turn::event::Stored& stored) {
  begin_frame(out, offset_bytes_);
  json::Writer writer(out);
  writer.begin_object().key("type").string("metadata").key("metadata");
  write_metadata(writer, stored, new_guest_token_);
  writer.end_object();
  end_frame(out);
}

void StreamFraming::finished(std::string& out, const turn::event::Finished& finished) {
  begin_frame(out, offset_bytes_);
  json::Writer writer(out);
  writer.begin_object().key("type").string("done");
  writer.key("finish_reason").string(finished.finish_reason).end_object();
  end_frame(out);
}

void StreamFraming::failed(std::string& out, const turn::event::Failed& failed) const {
  const Problem& problem = failed.problem;
  const auto& code = facts(problem.code);
  begin_frame(out, offset_bytes_);
  json::Writer writer(out);
  writer.begin_object().key("type").string("error").key("error").begin_object();
  writer.key("code").string(code.name).key("message").string(problem.detail);
  writer.key("retryable").boolean(code.retryable);
  turn::write_failure_members(writer, failed);
  writer.end_object().end_object();
  end_frame(out);
}

void StreamFraming::come_back(std::string& out) { sse::append_retry(out, kComeBackAfterMs); }

}  // namespace fabula::protocols::fabula

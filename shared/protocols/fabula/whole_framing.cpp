#include "shared/protocols/fabula/whole_framing.hpp"

#include "shared/http/problem_response.hpp"
#include "shared/json/text.hpp"
#include "shared/protocols/fabula/metadata.hpp"

namespace fabula::protocols::fabula {

void WholeFraming::text(std::string&, std::string_view text) { text_.append(text); }

void WholeFraming::reasoning(std::string&, std::string_view text) { reasoning_.append(text); }

void WholeFraming::stored(std::string&, const turn::event::Stored& stored) {
  metadata_.clear();
  json::Writer writer(metadata_);
  write_metadata(writer, stored, new_guest_token_);
}

void WholeFraming::finished(std::string& out, const turn::event::Finished& finished) {
  json::Writer writer(out);
  writer.begin_object().key("text").string(text_);
  if (!reasoning_.empty()) writer.key("reasoning").string(reasoning_);
  writer.key("metadata").raw(metadata_.empty() ? std::string_view("{}") : metadata_);
  writer.key("finish_reason").string(finished.finish_reason).end_object();
}

void WholeFraming::failed(std::string& out, const turn::event::Failed& failed) const {
  const Problem& problem = failed.problem;
  out.append(http::problem_response(problem, request_id_).body);
  out.pop_back();
  if (!text_.empty()) {
    out.append(R"(,"text":)");
    json::append_string(out, text_);
  }
  if (!metadata_.empty()) out.append(R"(,"metadata":)").append(metadata_);
  if (failed.stored_bytes) {
    out.append(R"(,"stored_bytes":)");
    json::append_integer(out, static_cast<std::int64_t>(*failed.stored_bytes));
  }
  if (!failed.user_message_id.empty()) {
    out.append(R"(,"user_message_id":)");
    json::append_string(out, failed.user_message_id);
  }
  out.push_back('}');
}

}  // namespace fabula::protocols::fabula

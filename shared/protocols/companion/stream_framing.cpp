#include "shared/protocols/companion/stream_framing.hpp"

#include "shared/json/text.hpp"
#include "shared/protocols/companion/metadata.hpp"

namespace fabula::protocols::companion {
namespace {

constexpr std::string_view kFrameEnd = "}\n\n";

}  // namespace

void StreamFraming::add_id(std::string& out, std::size_t begin) const {
  if (out.size() < begin + kFrameEnd.size()) return;
  out.insert(out.size() - kFrameEnd.size(), id_member_);
}

void StreamFraming::begun(std::string&, const turn::event::Begun& begun) {
  id_member_ = R"(,"conversation_id":)";
  json::append_string(id_member_, begun.turn.session_id);
}

void StreamFraming::text(std::string& out, std::string_view text) {
  const auto begin = out.size();
  frames_.text(out, text);
  add_id(out, begin);
}

void StreamFraming::reasoning(std::string& out, std::string_view text) {
  const auto begin = out.size();
  frames_.reasoning(out, text);
  add_id(out, begin);
}

void StreamFraming::beat(std::string& out) { frames_.beat(out); }

void StreamFraming::stored(std::string& out, const turn::event::Stored& stored) {
  const auto begin = out.size();
  frames_.stored(out, stored);
  std::string members;
  json::Writer writer(members);
  write_conversation(writer, stored.turn);
  // Inserted into the metadata, which ends with the last brace but one.
  out.insert(out.size() - kFrameEnd.size() - 1, "," + members);
  add_id(out, begin);
}

void StreamFraming::finished(std::string& out, const turn::event::Finished& finished) {
  const auto begin = out.size();
  frames_.finished(out, finished);
  add_id(out, begin);
}

void StreamFraming::failed(std::string& out, const turn::event::Failed& failed) const {
  const auto begin = out.size();
  frames_.failed(out, failed);
  add_id(out, begin);
}

void StreamFraming::come_back(std::string& out) { frames_.come_back(out); }

}  // namespace fabula::protocols::companion

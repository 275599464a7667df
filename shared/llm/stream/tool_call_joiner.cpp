#include "shared/llm/stream/tool_call_joiner.hpp"

#include <algorithm>
#include <string_view>

#include "shared/text/utf8_repair.hpp"

namespace fabula::llm {
namespace {

// Stores the piece's text if none is known yet, and returns the part to pass on.
std::string_view take_first(std::string& known, const std::string& said) {
  if (!known.empty() || said.empty()) return {};
  text::append_repaired(known, said);
  return known;
}

}  // namespace

// The call that the piece continues; nullptr: it begins one.
//
// The number decides, except that some providers number all calls 0: then a name with another id,
// when the arguments look complete or the name differs, begins another call. Without a number the
// id decides, and without both a name begins a call unless it is only repeated.
ToolCallJoiner::Call* ToolCallJoiner::find(const ToolCallPiece& piece) {
  if (piece.begins_call || calls_.empty()) return nullptr;
  const auto find_last = [this](auto is_it) -> Call* {
    const auto call = std::find_if(calls_.rbegin(), calls_.rend(), is_it);
    return call == calls_.rend() ? nullptr : &*call;
  };
  Call* call = &calls_.back();
  if (piece.number) {
    call = find_last([&](const Call& known) { return known.number == piece.number; });
  } else if (!piece.id.empty()) {
    Call* const same = find_last([&](const Call& known) { return known.id == piece.id; });
    if (same) return same;
  }
  if (!call || piece.name.empty()) return call;
  const bool has_other_id = !piece.id.empty() && !call->id.empty() && call->id != piece.id;
  const bool is_done = call->last_byte == '}' || (!call->name.empty() && call->name != piece.name);
  const bool is_another = piece.number ? has_other_id && is_done : has_other_id || is_done;
  return is_another ? nullptr : call;
}

bool ToolCallJoiner::join(const ToolCallPiece& piece, StreamSink& sink) {
  Call* call = find(piece);
  if (!call) {
    if (piece.id.empty() && piece.name.empty()) return true;
    if (calls_.size() == kMaximumToolCalls) return false;
    call = &calls_.emplace_back();
    call->number = piece.number;
  }
  ToolCallPart part;
  part.index = static_cast<std::size_t>(call - calls_.data());
  part.id = take_first(call->id, piece.id);
  part.name = take_first(call->name, piece.name);
  part.arguments = call->arguments.join(piece.arguments, true);
  if (!piece.arguments.empty()) call->last_byte = piece.arguments.back();
  if (!part.id.empty() || !part.name.empty() || !part.arguments.empty()) sink.on_tool_call(part);
  return true;
}

}  // namespace fabula::llm

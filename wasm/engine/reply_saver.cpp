#include "wasm/engine/reply_saver.hpp"

#include <limits>
#include <utility>

#include "shared/database/turn.hpp"

namespace fabula::engine {

ReplySaver::ReplySaver(runtime::Context& context, DatabaseSettings database,
                       std::string generation_id, std::uint64_t base_bytes,
                       turn::SaveSchedule schedule)
    : context_(context),
      database_(database),
      generation_id_(std::move(generation_id)),
      reply_(base_bytes),
      schedule_(schedule) {}

void ReplySaver::arm(std::int64_t now_ms) {
  if (save_ || !schedule_.is_due(now_ms, !reply_.unsaved().empty())) return;
  schedule_.saved(now_ms);
  save_.emplace(save());
}

std::int64_t ReplySaver::due_ms() const {
  return save_ ? std::numeric_limits<std::int64_t>::max() : schedule_.due_ms();
}

ReplySaver::Heard ReplySaver::look() {
  if (!save_ || !save_->is_ready()) return Heard::nothing;
  const auto saved = save_->take();
  save_.reset();
  // A failed save is harmless: the text is still here, and the next save includes it.
  if (!saved) {
    return saved.error().code == ErrorCode::not_found ? Heard::closed : Heard::nothing;
  }
  reply_.mark_saved(saved->saved_bytes);
  if (!saved->is_streaming) return Heard::closed;
  return saved->cancel_requested ? Heard::cancelled : Heard::nothing;
}

runtime::Task<Result<turn::Appended>> ReplySaver::save() {
  return call_function(context_, database_, database::kAppendChunk,
                       {generation_id_, reply_.saved_bytes(), reply_.unsaved()});
}

}  // namespace fabula::engine

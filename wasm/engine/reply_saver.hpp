// Saves a reply in the database while it grows, so that no text is only in memory for long. Each
// save is also the writer's heartbeat, and reports whether the reply was cancelled.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/turn/reply_text.hpp"
#include "shared/turn/rows.hpp"
#include "shared/turn/save_schedule.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

class ReplySaver {
 public:
  // `base_bytes`: the bytes of the reply that are stored already.
  ReplySaver(runtime::Context& context, DatabaseSettings database, std::string generation_id,
             std::uint64_t base_bytes, turn::SaveSchedule schedule);

  void add(std::string_view text) { reply_.append(text); }
  // The reply, including the part that is not saved yet.
  const turn::ReplyText& reply() const { return reply_; }

  // Begins the save that is due, if one is.
  void arm(std::int64_t now_ms);
  // When arm() must be called at the latest.
  std::int64_t due_ms() const;
  runtime::Waitable* waiting_for() { return save_ ? &*save_ : nullptr; }

  // The outcome of a save.
  enum class Heard : std::uint8_t {
    nothing,
    cancelled,  // somebody has cancelled the reply
    closed,     // its writer was considered dead, and the conversation has continued
  };
  // Collects the save that has ended.
  Heard look();
  // Abandons a running save: its answer would come too late.
  void stop() { save_.reset(); }

 private:
  runtime::Task<Result<turn::Appended>> save();

  runtime::Context& context_;
  DatabaseSettings database_;
  std::string generation_id_;
  turn::ReplyText reply_;
  turn::SaveSchedule schedule_;
  std::optional<runtime::Spawned<Result<turn::Appended>>> save_;
};

}  // namespace fabula::engine

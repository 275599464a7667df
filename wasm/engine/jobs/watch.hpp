// Follows a story's task for its owner, and works on it meanwhile, so that a task continues while
// somebody watches, with or without a scheduler. The task does not depend on its watchers: a
// watcher that leaves loses nothing, and another one continues from any place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "shared/story/task_rows.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/jobs/step_listener.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

// Receives a task's events, in order. Nothing here waits: `flush` sends the buffered ones.
class WatchSink {
 public:
  // Status, progress or message have changed since the last time; the first call has the first
  // read. `task` is the task as clients read it.
  virtual void on_task(const json::Document& task, const story::WatchPlace& place) = 0;
  // An event of the task's log: `type` is progress, part, finding or status.
  virtual void on_event(std::string_view type, const json::Document& body,
                        const story::WatchPlace& place) = 0;
  // More text of the running step; `place` is where it ends.
  virtual void on_text(const StepText& text, const story::WatchPlace& place) = 0;
  // The text of the running step begins again.
  virtual void on_restart(const StepText& text, const story::WatchPlace& place) = 0;

  // Sends the buffered events. False: nobody listens any more.
  virtual runtime::Task<bool> flush() = 0;
  // Ready when the listener has left; nullptr when that cannot be known.
  virtual runtime::Waitable* leaving() { return nullptr; }

 protected:
  ~WatchSink() = default;
};

// For a caller that only waits for the end.
class NoWatchSink final : public WatchSink {
 public:
  void on_task(const json::Document&, const story::WatchPlace&) override {}
  void on_event(std::string_view, const json::Document&, const story::WatchPlace&) override {}
  void on_text(const StepText&, const story::WatchPlace&) override {}
  void on_restart(const StepText&, const story::WatchPlace&) override {}
  runtime::Task<bool> flush() override { co_return true; }
};

struct WatchRequest {
  auth::Principal principal;
  std::string task_id;
  story::WatchPlace from = {};
  // Whether to do steps here; false: only watch.
  bool is_working = true;
  // Ends at this time at the latest, by the clock of runtime::now_ms.
  std::int64_t until_ms = 0;
};

struct Watched {
  // The last read: without `draft`, `events` and `reading_session_id`.
  json::Document task;
  story::WatchPlace place;
  // The task is completed, failed, cancelled or paused. Otherwise the time is over, the isolate
  // ends, or nobody listens any more.
  bool has_ended = false;
};

// Reads the task at growing intervals, of 0.3 to 2 seconds, and does its steps and the readings of
// its scenes for the dossier. A step that has begun here is finished before this returns, even when
// nobody listens any more.
//
// Errors: those of the first read (not_found for another user's task), or of a read that fails four
// times in a row.
runtime::Task<Result<Watched>> watch_story(Call& call, WatchRequest request, WatchSink& sink);

// After a response that did not wait: does idle steps of the task and the readings of its scenes,
// as long as the platform lets a request continue. Failures belong to the task.
runtime::Task<void> go_on_with_story(Call& call, const auth::Principal& principal,
                                     std::string_view task_id);

}  // namespace fabula::engine

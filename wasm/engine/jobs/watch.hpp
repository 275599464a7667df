// Follows a story's task for its owner, and works on it meanwhile, so that a task goes on while
// somebody looks, whether a scheduler runs or not. The task does not depend on who watches: a
// watcher that leaves loses nothing, and another one goes on from any place.
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

// Receives what happens to a task, in order. Nothing here waits: `flush` sends what has gathered.
class WatchSink {
 public:
  // Status, progress or message are others than the last time; called first of all with the first
  // reading. `task` has the task as its readers get it.
  virtual void on_task(const json::Document& task, const story::WatchPlace& place) = 0;
  // An event of the task's log: `type` is progress, part, finding or status.
  virtual void on_event(std::string_view type, const json::Document& body,
                        const story::WatchPlace& place) = 0;
  // More text of the running step; `place` is where it ends.
  virtual void on_text(const StepText& text, const story::WatchPlace& place) = 0;
  // The text of the running step begins again.
  virtual void on_restart(const StepText& text, const story::WatchPlace& place) = 0;

  // Sends what has gathered. False: nobody listens any more.
  virtual runtime::Task<bool> flush() = 0;
  // Ready when the listener has left; nullptr when that cannot be known.
  virtual runtime::Waitable* leaving() { return nullptr; }

 protected:
  ~WatchSink() = default;
};

// For a caller who only waits for the end.
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
  // Whether steps are done here; false: only look.
  bool is_working = true;
  // Ends then at the latest, of the clock of runtime::now_ms.
  std::int64_t until_ms = 0;
};

struct Watched {
  // As it was read last: without `draft`, `events` and `reading_session_id`.
  json::Document task;
  story::WatchPlace place;
  // Completed, failed, cancelled or paused. Else the time was over, the isolate ends, or nobody
  // listens any more.
  bool has_ended = false;
};

// Reads the task at growing intervals, of 0.3 to 2 seconds, and does its steps and the readings of
// its scenes for the dossier. A step that was begun here is brought to its end before this returns,
// also when nobody listens any more.
//
// Errors: of the first reading (not_found for a task of somebody else), or of a reading that fails
// four times in a row.
runtime::Task<Result<Watched>> watch_story(Call& call, WatchRequest request, WatchSink& sink);

// After an answer that did not wait: does idle steps of the task and the readings of its scenes, as
// long as a platform lets a request go on. What fails is the task's concern.
runtime::Task<void> go_on_with_story(Call& call, const auth::Principal& principal,
                                     std::string_view task_id);

}  // namespace fabula::engine

#include "wasm/engine/jobs/watch.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "shared/database/story_task.hpp"
#include "wasm/engine/jobs/kinds/kinds.hpp"
#include "wasm/engine/jobs/worker.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// The gap between two reads: this short while there is news, then longer and longer.
constexpr std::int64_t kShortestGapMs = 300;
constexpr std::int64_t kLongestGapMs = 2'000;
// How soon text of a step in this request is sent on.
constexpr std::int64_t kHeardGapMs = 50;
constexpr int kReadingAttempts = 4;
// A step does not begin with less time: it would only be given back.
constexpr std::int64_t kLeastStepMs = 5'000;
// Cloudflare ends a request 30 seconds after its response.
constexpr std::int64_t kAfterAnswerMs = 25'000;

bool has_ended(const json::Document& task) {
  constexpr std::array<std::string_view, 4> kEnds{"completed", "failed", "cancelled", "paused"};
  const auto status = json::string_at(task, "status").value_or("");
  return std::find(kEnds.begin(), kEnds.end(), status) != kEnds.end();
}

// Does a step of the task, or first one of its scene's reading for the dossier, which it waits for.
Task<bool> do_step(Call& call, std::string_view task_id, std::string_view reading_session_id,
                   bool is_idle, std::int64_t left_ms, StepListener* listener) {
  static constexpr std::array kReading{&kDossierExtraction};
  static constexpr std::array kWriting{&kStory};
  if (!reading_session_id.empty() &&
      co_await work_on(call, kReading, {.session_id = reading_session_id, .is_idle = is_idle},
                       left_ms)) {
    co_return true;
  }
  co_return co_await work_on(call, kWriting, {.job_id = task_id, .is_idle = is_idle}, left_ms,
                             listener);
}

class Watcher final : public StepListener {
 public:
  Watcher(Call& call, WatchRequest request, WatchSink& sink)
      : call_(call),
        request_(std::move(request)),
        sink_(sink),
        place_(request_.from),
        ending_(call.context().isolate_ending()) {}

  Task<Result<Watched>> run() {
    for (;;) {
      auto task = co_await runtime::attempt(read());
      if (task) {
        failures_ = 0;
        tell(*task);
        if (!co_await sink_.flush()) co_return watched();
        if (has_ended(task_)) co_return watched();
      } else if (!has_read_ || ++failures_ >= kReadingAttempts) {
        co_return tl::unexpected(std::move(task.error()));
      }
      if (is_over()) co_return watched();
      work();
      if (!co_await wait()) co_return watched();
    }
  }

  // Lets a step of this request finish: no other worker can do it before its lease ends.
  Task<void> finish() {
    if (working_ && !working_->is_ready()) co_await runtime::WaitFor(*working_);
  }

  // Passes on the text of a step of this request at once.
  void on_step_text(const StepText& text) override {
    hear(text);
    is_heard_ = true;
  }

 private:
  std::int64_t now_ms() { return runtime::now_ms(call_.context()); }
  bool is_over() { return now_ms() >= request_.until_ms || ending_.is_ready(); }

  Watched watched() {
    const bool is_at_end = has_ended(task_);
    return {std::move(task_), place_, is_at_end};
  }

  Task<Result<json::Document>> read() {
    return call_function(call_.context(), call_.database(), database::kWatchStoryTask,
                         {request_.principal, request_.task_id, place_});
  }

  void tell(json::Document& task) {
    const auto* events = json::find(task, "events");
    if (events && events->is_array()) {
      for (const auto& event : *events) {
        const auto number = json::integer_at(event, "seq");
        const auto type = json::string_at(event, "type");
        const auto* body = json::find(event, "body");
        if (!number || !type || !body || *number <= place_.event) continue;
        place_.event = *number;
        sink_.on_event(*type, *body, place_);
        gap_ms_ = kShortestGapMs;
      }
    }
    tell_draft(task);
    reading_session_id_ = json::string_at(task, "reading_session_id").value_or("");
    for (const char* member : {"events", "draft", "reading_session_id"}) task.erase(member);
    const bool is_news = !has_read_ || json::string_at(task, "status") != seen("status") ||
                         json::string_at(task, "message") != seen("message") ||
                         json::integer_at(task, "progress") != json::integer_at(task_, "progress");
    task_ = std::move(task);
    has_read_ = true;
    if (is_news) sink_.on_task(task_, place_);
    if (is_news) gap_ms_ = kShortestGapMs;
  }

  std::optional<std::string_view> seen(std::string_view member) const {
    return json::string_at(task_, member);
  }

  void tell_draft(const json::Document& task) {
    const auto* draft = json::find(task, "draft");
    if (!draft || !draft->is_object()) return;
    const auto step = json::integer_at(*draft, "step");
    const auto from_byte = json::integer_at(*draft, "from_byte");
    const auto text = json::string_at(*draft, "text");
    const auto* part = json::find(*draft, "part");
    if (!step || !from_byte || *from_byte < 0 || !text) return;
    const auto part_text = part ? json::dump(*part) : std::string("null");
    hear({.step = *step,
          .attempt = json::integer_at(*draft, "attempt").value_or(0),
          .part = part_text,
          .from_byte = static_cast<std::uint64_t>(*from_byte),
          .text = *text});
  }

  // Passes on the new part of a text, which may arrive twice: from the step in this request, and
  // from the database.
  void hear(StepText text) {
    const auto is_older =
        text.step < place_.step || (text.step == place_.step && text.attempt < place_.attempt);
    if (is_older) return;
    const bool is_another = text.step != place_.step || text.attempt != place_.attempt;
    if (is_another) {
      const bool is_again = text.step == place_.step && place_.bytes > 0;
      place_.step = text.step;
      place_.attempt = text.attempt;
      place_.bytes = 0;
      if (is_again) sink_.on_restart(text, place_);
    }
    const auto end = text.from_byte + text.text.size();
    // The missing text before it comes from the next read.
    if (text.from_byte > place_.bytes || end <= place_.bytes) return;
    text.text.remove_prefix(static_cast<std::size_t>(place_.bytes - text.from_byte));
    text.from_byte = place_.bytes;
    place_.bytes = end;
    sink_.on_text(text, place_);
    gap_ms_ = kShortestGapMs;
  }

  // Begins a step, of the task or of the reading of its scenes, unless one is running.
  void work() {
    if (working_ && working_->is_ready()) {
      // If there was no step to do, there may be one later.
      if (working_->take()) gap_ms_ = kShortestGapMs;
      working_.reset();
    }
    if (working_ || !request_.is_working) return;
    const auto left_ms = std::min(request_.until_ms - now_ms(), job_time_limit_ms(call_));
    if (left_ms < kLeastStepMs) return;
    working_ = std::make_unique<runtime::Spawned<bool>>(work_once(left_ms));
  }

  Task<bool> work_once(std::int64_t left_ms) {
    const std::string session_id = reading_session_id_;
    co_return co_await do_step(call_, request_.task_id, session_id, false, left_ms, this);
  }

  // Waits until the next read is due. False: nobody listens any more.
  Task<bool> wait() {
    const auto read_at_ms = std::min(now_ms() + gap_ms_, std::max(request_.until_ms, now_ms()));
    gap_ms_ = std::min(gap_ms_ * 2, kLongestGapMs);
    for (;;) {
      const auto left_ms = read_at_ms - now_ms();
      if (left_ms <= 0 || ending_.is_ready()) co_return true;
      // Text of a step in this request does not wait for the next read.
      runtime::Timer timer(call_.context(), static_cast<std::uint32_t>(std::min(
                                                left_ms, working_ ? kHeardGapMs : left_ms)));
      auto* leaving = sink_.leaving();
      const bool has_worked = working_ && working_->is_ready();
      co_await runtime::first_of(std::array<runtime::Waitable*, 4>{
          &timer, &ending_, leaving, has_worked ? nullptr : working_.get()});
      if (leaving && leaving->is_ready()) co_return false;
      if (is_heard_) {
        is_heard_ = false;
        if (!co_await sink_.flush()) co_return false;
      }
      // A finished step of this request is news.
      if (!has_worked && working_ && working_->is_ready()) co_return true;
    }
  }

  Call& call_;
  WatchRequest request_;
  WatchSink& sink_;
  story::WatchPlace place_;
  runtime::SignalWait ending_;
  json::Document task_;
  bool has_read_ = false;
  bool is_heard_ = false;
  int failures_ = 0;
  std::int64_t gap_ms_ = kShortestGapMs;
  std::string reading_session_id_;
  // Last member: it uses the others.
  std::unique_ptr<runtime::Spawned<bool>> working_;
};

Task<Result<json::Document>> look(Call& call, const auth::Principal& principal,
                                  std::string_view task_id) {
  return call_function(call.context(), call.database(), database::kWatchStoryTask,
                       {.principal = principal, .task_id = task_id, .place = {}});
}

}  // namespace

Task<Result<Watched>> watch_story(Call& call, WatchRequest request, WatchSink& sink) {
  Watcher watcher(call, std::move(request), sink);
  auto watched = co_await runtime::attempt(watcher.run());
  co_await watcher.finish();
  co_return watched;
}

Task<void> go_on_with_story(Call& call, const auth::Principal& principal,
                            std::string_view task_id) {
  const auto until_ms = runtime::now_ms(call.context()) + kAfterAnswerMs;
  for (;;) {
    const auto left_ms = until_ms - runtime::now_ms(call.context());
    if (left_ms < kLeastStepMs || call.context().isolate_ending().is_set()) co_return;
    const auto task = co_await runtime::attempt(look(call, principal, task_id));
    if (!task || has_ended(*task)) co_return;
    const std::string session_id(json::string_at(*task, "reading_session_id").value_or(""));
    if (!co_await do_step(call, task_id, session_id, true, left_ms, nullptr)) co_return;
  }
}

}  // namespace fabula::engine

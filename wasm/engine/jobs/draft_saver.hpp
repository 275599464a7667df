// Saves the text of a step while a model writes it, so that others can follow it, and so that it is
// not lost if the worker dies. Each save extends the step's lease.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/turn/save_schedule.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/jobs/length_limit.hpp"
#include "wasm/engine/jobs/step.hpp"
#include "wasm/runtime/spawn.hpp"
#include "wasm/runtime/task.hpp"
#include "wasm/runtime/waitable.hpp"

namespace fabula::engine {

class DraftSaver final : public CompletionListener {
 public:
  // Decides whether the text of an interrupted attempt is worth keeping.
  struct Worth {
    // Whether this much text is worth more than asking again.
    bool (*is_enough)(std::string_view text, std::int64_t asked) = nullptr;
    std::int64_t asked = 0;
  };

  // `step` must outlive this object. `part`: JSON object, the part that the text belongs to.
  DraftSaver(JobStep& step, std::string part, Worth worth, LengthLimit limit);

  // Saves from now on after 1, 2, 4, then every 5 seconds, until this worker has lost the step,
  // which stops the answer.
  void start() { saving_.emplace(run()); }
  void stop() { saving_.reset(); }
  // Saves the unsaved text.
  runtime::Task<void> flush();

  // The text of the newest attempt.
  std::string_view text() const { return text_; }
  // The step is cancelled, or another worker has it.
  bool is_lost() const { return is_lost_; }

  void on_begin() override;
  void on_text(std::string_view text) override;
  bool is_enough() const override;
  bool is_full() const override { return limit_.is_full(); }
  runtime::Waitable* stopping() override { return saving_ ? &*saving_ : nullptr; }

 private:
  runtime::Task<void> run();
  runtime::Task<void> save();
  std::int64_t attempt() const;

  JobStep& step_;
  std::string part_;
  Worth worth_;
  LengthLimit limit_;
  std::string text_;
  std::uint64_t saved_bytes_ = 0;
  std::int64_t begun_ = 0;  // how often the text has begun
  turn::SaveSchedule schedule_;
  bool is_lost_ = false;
  // Last member: it uses the others. When it ends it resumes its waiter, which may destroy it.
  std::optional<runtime::Spawned<void>> saving_;
};

}  // namespace fabula::engine

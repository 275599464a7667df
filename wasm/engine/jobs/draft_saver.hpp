// Saves the text of a step while a model writes it, so that others can follow it, and that a worker
// that dies has not asked for nothing. Each save extends the step's lease.
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
  // The worth of a text that an attempt may break off.
  struct Worth {
    // Whether so much text is worth more than asking again.
    bool (*is_enough)(std::string_view text, std::int64_t asked) = nullptr;
    std::int64_t asked = 0;
  };

  // `step` must outlive it. `part`: JSON object, what the text belongs to.
  DraftSaver(JobStep& step, std::string part, Worth worth, LengthLimit limit);

  // Saves from now on after 1, 2, 4, then every 5 seconds, until the step is not this worker's to
  // do any more; that stops the answer.
  void start() { saving_.emplace(run()); }
  void stop() { saving_.reset(); }
  // Saves what is not saved yet.
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
  // Last: it uses the rest. Whoever waits for it is resumed when it has ended, and may destroy it.
  std::optional<runtime::Spawned<void>> saving_;
};

}  // namespace fabula::engine

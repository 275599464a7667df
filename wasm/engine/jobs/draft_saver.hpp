// Saves the text of a step while a model writes it, so that others can follow it, and that a worker
// that dies has not asked for nothing. Each save extends the step's lease.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/turn/save_schedule.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/jobs/step.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

class DraftSaver final : public CompletionListener {
 public:
  // Of a text that an attempt may break off.
  struct Worth {
    // Whether so much text is worth more than asking again.
    bool (*is_enough)(std::string_view text, std::int64_t asked) = nullptr;
    std::int64_t asked = 0;
  };

  // `step` must outlive it. `part`: JSON object, what the text belongs to.
  DraftSaver(JobStep& step, std::string part, Worth worth);

  // Saves after 1, 2, 4, then every 5 seconds; ends when the step is nobody's to do any more, and
  // then stops the answer. To be run beside complete().
  runtime::Task<void> run();
  // Saves what is not saved yet.
  runtime::Task<void> flush();

  // The text of the newest attempt.
  std::string_view text() const { return text_; }
  // The step is cancelled, or another worker has it.
  bool is_lost() const { return stopping_.is_set(); }

  void on_begin() override;
  void on_text(std::string_view text) override;
  bool is_enough() const override;
  runtime::Signal& stopping() override { return stopping_; }

 private:
  runtime::Task<void> save();
  std::int64_t attempt() const;

  JobStep& step_;
  std::string part_;
  Worth worth_;
  std::string text_;
  std::uint64_t saved_bytes_ = 0;
  std::int64_t begun_ = 0;  // how often the text has begun
  turn::SaveSchedule schedule_;
  runtime::Signal stopping_;
};

}  // namespace fabula::engine

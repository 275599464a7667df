// A step of a job while a worker has it: what its kind asks models with, and how it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/jobs/step_rows.hpp"
#include "shared/result/result.hpp"
#include "shared/usage/model_call.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// How long storing a step may take. A lease ends so much later than the step's time, so that a
// worker that stores in time still has it.
inline constexpr std::int64_t kStoringSeconds = 25;

class JobStep {
 public:
  // `call` must outlive it. The step must have ended by `until_ms`, which is within its lease.
  JobStep(Call& call, jobs::ClaimedStep claimed, const Endpoints& models, std::int64_t until_ms);

  Call& call() { return call_; }
  // What the database tells of it, with what its kind needs.
  const json::Document& work() const { return claimed_.work; }
  std::int64_t left_ms() const;

  // Asks the kind's models, within the step's time. The requests that are made are in the ledger
  // when the step has ended, however it ends.
  runtime::Task<Result<Completion>> complete(CompletionRequest request);

  // Stores what was made: a JSON object, which the kind's private.<kind>_store takes. The answer's
  // text. A problem, too, when the step is somebody else's by now.
  runtime::Task<Result<std::string>> commit(std::string_view result_json,
                                            const jobs::StepProgress& progress = {});

  // Says that the work goes on, and how far it is; refused like a commit.
  runtime::Task<Result<void>> report(const jobs::StepProgress& progress);

  // Gives the step back, with the reason, to be tried later.
  runtime::Task<void> fail(const Problem& problem);

  // Writes down the calls that no commit and no failure has told.
  runtime::Task<void> record_untold_calls();

  // The requests that were made to models.
  std::vector<usage::ModelCall> take_calls() { return std::move(calls_); }

 private:
  std::span<const usage::ModelCall> untold_calls() const {
    return std::span(calls_).subspan(told_calls_);
  }

  Call& call_;
  jobs::ClaimedStep claimed_;
  const Endpoints& models_;
  std::int64_t until_ms_;
  std::vector<usage::ModelCall> calls_;
  std::size_t told_calls_ = 0;  // how many of them the ledger has
};

}  // namespace fabula::engine

// A step of a job that this worker has leased: offers its kind the models to ask and the ways to
// end it.
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
#include "wasm/engine/illustrations.hpp"
#include "wasm/engine/jobs/step_listener.hpp"
#include "wasm/engine/model_route.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

// The time to store a step's result. A lease lasts for the step's time and this time, so that a
// worker that stores in time still holds it.
inline constexpr std::int64_t kStoringSeconds = 25;

class JobStep {
 public:
  // `call` must outlive this object. The step must end by `until_ms`, which is within its lease.
  JobStep(Call& call, jobs::ClaimedStep claimed, const Endpoints& models, std::int64_t until_ms,
          StepListener* listener = nullptr);

  Call& call() { return call_; }
  // The work as the database describes it, including the data that its kind needs.
  const json::Document& work() const { return claimed_.work; }
  const jobs::ClaimedStep& claimed() const { return claimed_; }
  std::int64_t left_ms() const;
  // The listener of the step's text; nullptr: none.
  StepListener* listener() const { return listener_; }

  // Asks the kind's models, within the step's time. The ledger has the requests once the step has
  // ended, in whatever way.
  runtime::Task<Result<Completion>> complete(CompletionRequest request);

  // Asks the kind's models to draw `prompt`, which must outlive the task, in the same way.
  runtime::Task<Result<DrawnImage>> draw(std::string_view prompt);

  // Stores the result, a JSON object for the kind's private.<kind>_store. Returns the answer's
  // text. Also a problem when another worker has taken over the step.
  runtime::Task<Result<std::string>> commit(std::string_view result_json,
                                            const jobs::StepProgress& progress = {});

  // Reports progress, which extends the lease; refused like a commit.
  runtime::Task<Result<void>> report(const jobs::StepProgress& progress);

  // Gives the step back, with the reason, for a retry, or for good if the failure is final.
  runtime::Task<void> fail(const Problem& problem, bool is_final);

  // Records calls that no commit or failure has reported.
  runtime::Task<void> record_untold_calls();

  // Takes the requests that were made to models.
  std::vector<usage::ModelCall> take_calls() { return std::move(calls_); }

 private:
  std::span<const usage::ModelCall> untold_calls() const {
    return std::span(calls_).subspan(told_calls_);
  }

  Call& call_;
  jobs::ClaimedStep claimed_;
  const Endpoints& models_;
  std::int64_t until_ms_;
  StepListener* listener_;
  std::vector<usage::ModelCall> calls_;
  std::size_t told_calls_ = 0;  // how many of them the ledger has
};

}  // namespace fabula::engine

#include "wasm/engine/turn_end.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "shared/database/turn.hpp"
#include "shared/turn/event.hpp"
#include "shared/turn/finish_reason.hpp"
#include "wasm/engine/jobs/worker.hpp"
#include "wasm/engine/relay.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

// Waits until the dossier includes the new messages, a minute at most, and sends the client beats.
// Meanwhile this request works on the waiting steps, one after another, unless another worker has
// them; a step that has begun is finished, even if the client leaves.
Task<void> wait_for_dossier(Call& call, const turn::BegunTurn& turn, JobKinds awaited_jobs,
                            turn::DossierView& dossier, Channel& channel) {
  // Platforms limit the subrequests of one request; together the intervals are a minute.
  constexpr int kMaximumDossierLooks = 20;
  constexpr std::uint32_t kLongestDossierGapMs = 4000;
  Context& context = call.context();
  std::optional<runtime::Spawned<bool>> work;
  // A step that could not be claimed or done is left to other workers, as are those after it.
  bool may_work = true;
  std::uint32_t gap_ms = 250;
  for (int looks = 0; looks < kMaximumDossierLooks && dossier.is_pending; ++looks) {
    if (may_work && !work) {
      work.emplace(
          work_on(call, awaited_jobs, {.session_id = turn.session_id}, job_time_limit_ms(call)));
    }
    co_await send_all(context, channel);
    if (channel.is_given_up()) break;
    runtime::SignalWait ending(context.isolate_ending());
    runtime::Timer timer(context, gap_ms);
    if (work) {
      co_await runtime::first_of(*work, timer, ending);
      if (work->is_ready()) {
        may_work = work->take();
        work.reset();
        // The result of this request's own step is available now; another worker needs time.
        if (!may_work) co_await runtime::first_of(timer, ending);
      }
    } else {
      co_await runtime::first_of(timer, ending);
    }
    if (ending.is_ready()) break;
    gap_ms = std::min(gap_ms * 3 / 2, kLongestDossierGapMs);
    const auto finished = co_await runtime::attempt(call_function(
        context, call.database(), database::kLookAtFinishedTurn, {turn.generation_id}));
    // The next poll may succeed.
    if (!finished) continue;
    if (finished->dossier) dossier = *finished->dossier;
    channel.tell(turn::event::Beat{});
  }
  if (work) co_await runtime::WaitFor(*work);
}

// Why a reply's end cannot be sent as planned: the stored text differs from the streamed text.
struct Missing {
  Problem problem;
  std::uint64_t stored_bytes;
};

// Only this writer sends text, each part from the offset where the last one ended, so equal lengths
// mean equal texts.
std::optional<Missing> what_is_missing(const turn::BegunTurn& turn, const turn::FinishTurn& row,
                                       const Result<turn::Finished>& stored) {
  if (!stored) {
    if (stored.error().code == ErrorCode::not_found) return Missing{not_all_stored(), 0};
    return Missing{stored.error(), row.from_offset};
  }
  const std::uint64_t told_bytes = row.from_offset + row.text.size();
  const std::uint64_t said_bytes = told_bytes > turn.base_bytes ? told_bytes : 0;
  if (stored->status == turn::name(row.status) && stored->saved_bytes == said_bytes) {
    return std::nullopt;
  }
  return Missing{not_all_stored(), stored->saved_bytes};
}

}  // namespace

Task<void> store_and_tell(Call& call, const turn::BegunTurn& turn, turn::FinishTurn row,
                          std::optional<Problem> ending, Channel& channel, JobKinds awaited_jobs) {
  Context& context = call.context();
  row.generation_id = turn.generation_id;
  row.error_code = ending ? facts(ending->code).name : std::string_view();
  row.latency_ms = runtime::now_ms(context) - call.started_ms();
  auto& log = call.log();
  log.outcome = turn::name(row.status);
  log.provider = row.provider;
  log.model = row.model;
  log.first_token_ms = row.first_token_ms;
  if (row.usage) {
    log.tokens_in = row.usage->input_tokens;
    log.tokens_out = row.usage->output_tokens;
  }

  // The last text is sent while the reply is stored.
  runtime::Spawned<bool> last_text(send_all(context, channel));
  const auto stored = co_await runtime::attempt(
      call_function(context, call.database(), database::kFinishTurn, row));
  co_await runtime::WaitFor(last_text);
  std::optional<std::uint64_t> stored_bytes;
  if (auto missing = what_is_missing(turn, row, stored)) {
    log.outcome = "not_stored";
    stored_bytes = missing->stored_bytes;
    // The reply's own problem says more than that its generation was closed.
    if (!ending || !stored) ending = std::move(missing->problem);
  }
  const bool is_complete = !ending && row.status == turn::Status::complete;
  const bool is_cancelled = !ending && row.status == turn::Status::stopped;
  const auto finish_reason =
      turn::finish_reason_told(stored ? std::string_view(stored->status) : turn::name(row.status),
                               llm::name(row.finish_reason));
  if (stored && (is_complete || !stored->message_id.empty())) {
    turn::event::Stored end{turn,      stored->message_id, row.provider,   row.model,
                            row.usage, finish_reason,      stored->dossier};
    channel.tell(end);
    if (is_complete && !awaited_jobs.empty() && end.dossier) {
      co_await wait_for_dossier(call, turn, awaited_jobs, *end.dossier, channel);
      channel.tell(end);
    }
  }
  if (ending) {
    channel.tell(turn::event::Failed{*ending, stored_bytes, turn.user_message_id});
  } else if (is_complete || is_cancelled) {
    channel.tell(turn::event::Finished{finish_reason});
  }
  co_await send_all(context, channel);
  co_await channel.end();
  if (ending) call.note_problem(*ending);
}

}  // namespace fabula::engine

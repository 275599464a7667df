#include "wasm/engine/jobs/draft_saver.hpp"

#include <algorithm>
#include <utility>

#include "shared/database/story_task.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

// More attempts than one lease has time for.
constexpr std::int64_t kMostBeginnings = 100;
// Half of these are made every second; few drafts are watched for longer.
constexpr std::int64_t kSaves = 8;

// A refusal that no later save can change: the lease is another worker's, or the job has ended.
bool is_final(const Problem& problem) {
  return problem.code == ErrorCode::not_found || problem.cause.find("PT409") != std::string::npos;
}

}  // namespace

DraftSaver::DraftSaver(JobStep& step, std::string part, Worth worth, LengthLimit limit)
    : step_(step),
      part_(std::move(part)),
      worth_(worth),
      limit_(std::move(limit)),
      schedule_(runtime::now_ms(step.call().context()), kSaves) {}

std::int64_t DraftSaver::attempt() const {
  const auto claims = json::integer_at(step_.work(), "attempts").value_or(1);
  return std::max<std::int64_t>(claims, 1) * kMostBeginnings +
         std::min(begun_, kMostBeginnings - 1);
}

Task<void> DraftSaver::run() {
  auto& context = step_.call().context();
  for (;;) {
    const auto wait_ms = std::max<std::int64_t>(schedule_.due_ms() - runtime::now_ms(context), 0);
    runtime::Timer timer(context, static_cast<std::uint32_t>(wait_ms));
    co_await runtime::WaitFor(timer);
    const auto now_ms = runtime::now_ms(context);
    if (!schedule_.is_due(now_ms, saved_bytes_ < text_.size())) continue;
    schedule_.saved(now_ms);
    co_await save();
    if (is_lost()) co_return;
  }
}

Task<void> DraftSaver::flush() {
  if (saved_bytes_ < text_.size() && !is_lost()) co_await save();
}

void DraftSaver::on_begin() {
  text_.clear();
  saved_bytes_ = 0;
  ++begun_;
  limit_.on_begin();
}

void DraftSaver::on_text(std::string_view text) {
  const auto from_byte = text_.size();
  text_.append(text);
  limit_.on_text(text);
  if (auto* listener = step_.listener()) {
    listener->on_step_text({step_.claimed().step, attempt(), part_, from_byte, text});
  }
}

bool DraftSaver::is_enough() const {
  return worth_.is_enough && worth_.is_enough(text_, worth_.asked);
}

Task<void> DraftSaver::save() {
  const auto saved_attempt = attempt();
  const auto from_byte = saved_bytes_;
  const auto saved = co_await runtime::attempt(
      call_function(step_.call().context(), step_.call().database(), database::kSaveStoryDraft,
                    {.step = step_.claimed(),
                     .attempt = saved_attempt,
                     .asked = worth_.asked,
                     .part_json = part_,
                     .from_byte = from_byte,
                     .text = std::string_view(text_).substr(static_cast<std::size_t>(from_byte)),
                     .lease_seconds = step_.left_ms() / 1000 + kStoringSeconds}));
  if (!saved) {
    // Any other failure is harmless: the next save includes the text.
    if (is_final(saved.error())) is_lost_ = true;
    co_return;
  }
  if (saved->is_cancelled) is_lost_ = true;
  // The text has begun again meanwhile: then nothing of the new text is saved.
  if (attempt() != saved_attempt) co_return;
  saved_bytes_ = std::clamp<std::uint64_t>(saved->saved_bytes, saved_bytes_, text_.size());
}

}  // namespace fabula::engine

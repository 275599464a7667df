#include "wasm/engine/relay.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/llm/answer/empty_answer.hpp"
#include "shared/llm/stream/usage_sum.hpp"
#include "shared/turn/hope.hpp"
#include "wasm/engine/provider_failures.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

using turn::Status;

// Far more than any model's longest output; the database takes at most 4 MiB.
constexpr std::uint64_t kMaximumReplyBytes = std::uint64_t{1} << 20;

RelayEnd ended(Status status, std::optional<Problem> problem = std::nullopt) {
  RelayEnd end;
  end.status = status;
  end.problem = std::move(problem);
  return end;
}

}  // namespace

Problem not_all_stored() {
  return {ErrorCode::interrupted,
          "Not all of this reply could be stored; what is stored of it is kept. Continue it, or "
          "send the message again.",
          "the reply was closed while it was written"};
}

namespace {

// Postgres cannot store U+0000; the client gets exactly the stored text.
template <class Tell>
void without_nul(std::string_view text, const Tell& tell) {
  for (auto nul = text.find('\0'); nul != std::string_view::npos; nul = text.find('\0')) {
    tell(std::string(text.substr(0, nul)) + "\uFFFD");
    text.remove_prefix(nul + 1);
  }
  if (!text.empty()) tell(text);
}

}  // namespace

Relay::Relay(runtime::Context& context, RelayLimits limits, ModelRoute& route, Channel& channel,
             ReplySaver& saver, ToolRounds* tools, RelayWishes wishes)
    : context_(context),
      limits_(limits),
      route_(route),
      channel_(channel),
      saver_(saver),
      tools_(tools),
      wishes_(wishes),
      started_ms_(runtime::now_ms(context)),
      until_ms_(started_ms_ + limits.whole_ms),
      now_ms_(started_ms_),
      plan_(route.size()),
      attempt_due_ms_(started_ms_),
      left_(context.client_left()),
      ending_(context.isolate_ending()) {}

void Relay::begin() { end_ = look(now_ms_); }

runtime::Task<RelayEnd> Relay::run() {
  while (!end_) {
    arm(now_ms_);
    co_await runtime::first_of(waiting_for());
    now_ms_ = runtime::now_ms(context_);
    if (timer_ && timer_->is_ready()) timer_.reset();
    end_ = look(now_ms_);
  }
  if (upstream_) {
    close_attempt(upstream_->give_up());
    // We ended the attempt, whatever status the model had reported by then.
    attempts_.back().status = end_->status;
    attempts_.back().error = end_->problem ? std::optional(end_->problem->code) : std::nullopt;
  }
  upstream_.reset();
  if (tools_) tools_->stop();
  saver_.stop();
  timer_.reset();
  co_return std::move(*end_);
}

std::array<runtime::Waitable*, 8> Relay::waiting_for() {
  std::array<runtime::Waitable*, 2> model{};
  if (upstream_) model = upstream_->waiting_for();
  return {channel_.is_given_up() ? nullptr : &left_,
          &ending_,
          model[0],
          model[1],
          tools_ ? tools_->waiting_for() : nullptr,
          channel_.waiting_for(),
          saver_.waiting_for(),
          timer_ ? &*timer_ : nullptr};
}

// Starts all operations that should be running now.
void Relay::arm(std::int64_t now_ms) {
  if (upstream_ && !channel_.is_full()) upstream_->read_on(now_ms);
  channel_.arm(now_ms);
  saver_.arm(now_ms);
  // One timer serves all deadlines: it is replaced only when an earlier one comes up.
  const auto model_due_ms = upstream_ ? upstream_->deadline_ms() : attempt_due_ms_;
  const auto due_ms = std::min({model_due_ms, channel_.due_ms(), saver_.due_ms()});
  if (timer_ && timer_due_ms_ <= due_ms) return;
  timer_due_ms_ = std::max(due_ms, now_ms);
  timer_.emplace(context_, static_cast<std::uint32_t>(timer_due_ms_ - now_ms));
}

std::optional<RelayEnd> Relay::look(std::int64_t now_ms) {
  if (auto end = look_at_model(now_ms)) return end;
  if (auto end = look_at_client()) return end;
  switch (saver_.look()) {
    case ReplySaver::Heard::nothing:
      return std::nullopt;
    case ReplySaver::Heard::cancelled:
      return ended(Status::stopped);
    case ReplySaver::Heard::closed:
      return ended(Status::interrupted, not_all_stored());
  }
  return std::nullopt;
}

std::optional<RelayEnd> Relay::look_at_model(std::int64_t now_ms) {
  for (;;) {
    if (tools_ && tools_->are_running()) {
      if (auto end = look_at_tools(now_ms)) return end;
    }
    if (!upstream_ && now_ms < attempt_due_ms_) return std::nullopt;
    auto summary = upstream_ ? upstream_->look(now_ms) : ask(now_ms);
    if (!summary) {
      if (saver_.reply().size_bytes() <= kMaximumReplyBytes) return std::nullopt;
      return ended(Status::failed,
                   Problem(ErrorCode::provider_error,
                           "The model wrote more than a reply may hold; what was written is kept. "
                           "Ask for the rest in a new message.",
                           "reply too long"));
    }
    // A continuation that only repeats the reply's end has no text.
    if (wishes_.seam && summary->complete) {
      if (const auto kept = wishes_.seam->finish(); !kept.empty()) say(kept);
    }
    const bool calls_tools = tools_ && summary->complete && tools_->begin();
    // After tools, the text of earlier rounds may be the whole reply.
    const bool is_empty_answer =
        summary->complete && !calls_tools && !has_spoken_ && !first_token_ms_;
    if (is_empty_answer) {
      summary->complete = false;
      summary->problem = llm::empty_answer(*summary, has_reasoned_);
    }
    if (upstream_) {
      close_attempt(*summary);
      if (summary->problem) note_failure(*summary->problem);
    }
    upstream_.reset();
    if (!summary->complete && !has_spoken_) {
      auto end = is_empty_answer ? after_empty_answer(std::move(*summary->problem), now_ms)
                                 : after_failure(std::move(*summary->problem), now_ms);
      if (end) return end;
      continue;
    }
    llm::add_usage(usage_, summary->usage);
    if (calls_tools) {
      // No attempt is due while the tools run; only the reply's time limit applies.
      attempt_due_ms_ = until_ms_;
      continue;
    }
    RelayEnd end;
    end.status = summary->complete ? Status::complete : Status::failed;
    end.finish_reason = summary->finish_reason;
    end.usage = usage_;
    end.problem = std::move(summary->problem);
    return end;
  }
}

std::optional<RelayEnd> Relay::look_at_tools(std::int64_t now_ms) {
  auto round = tools_->look();
  if (!round) {
    if (now_ms < until_ms_) return std::nullopt;
    return ended(Status::failed, time_is_over());
  }
  route_.add_round(std::move(*round));
  ++round_;
  // Earlier rounds were sent already; a model that fails before it speaks in this round may still
  // be retried.
  has_spoken_ = false;
  told_failure_.reset();
  plan_ = llm::RetryPlan(route_.size(), plan_.model());
  attempt_due_ms_ = now_ms;
  return std::nullopt;
}

// Asks the next model; returns how the attempt ended when it cannot be made.
std::optional<llm::StreamSummary> Relay::ask(std::int64_t now_ms) {
  has_reasoned_ = false;
  auto call = route_.call(plan_.model());
  if (call) {
    const auto& endpoint = route_[plan_.model()];
    attempts_.push_back({.provider = std::string(endpoint.provider->name),
                         .model = endpoint.model,
                         .started_at_ms = now_ms,
                         .round = round_});
    if (tools_) tools_->begin_answer();
    if (wishes_.seam && round_ == 1) {
      wishes_.seam->begin(route_.goes_on_verbatim(plan_.model()));
    }
    llm::StreamSink& sink = *this;
    upstream_.emplace(context_, call->head, call->body, endpoint, limits_.upstream, now_ms,
                      until_ms_, sink);
    return std::nullopt;
  }
  llm::StreamSummary summary;
  summary.problem = std::move(call.error());
  return summary;
}

// The client has received nothing in this round, so another attempt is as good as the first.
std::optional<RelayEnd> Relay::after_failure(Problem problem, std::int64_t now_ms) {
  if (now_ms < until_ms_ && route_.learn(plan_.model(), problem)) {
    attempt_due_ms_ = now_ms;
    return std::nullopt;
  }
  const auto wait_ms =
      plan_.wait_after(problem, until_ms_ - now_ms, runtime::random_number(context_));
  return ask_next(std::move(problem), wait_ms, now_ms);
}

// The same request would very likely end in the same way.
std::optional<RelayEnd> Relay::after_empty_answer(Problem problem, std::int64_t now_ms) {
  return ask_next(std::move(problem), plan_.skip_model(until_ms_ - now_ms), now_ms);
}

std::optional<RelayEnd> Relay::ask_next(Problem problem, std::optional<std::int64_t> wait_ms,
                                        std::int64_t now_ms) {
  if (!told_failure_ || turn::is_as_hopeful(problem, *told_failure_)) {
    told_failure_ = std::move(problem);
  }
  if (!wait_ms) {
    auto end = ended(Status::failed, std::move(told_failure_));
    end.usage = usage_;
    return end;
  }
  attempt_due_ms_ = now_ms + *wait_ms;
  return std::nullopt;
}

std::optional<RelayEnd> Relay::look_at_client() {
  if (ending_.is_ready()) {
    return ended(Status::interrupted,
                 Problem(ErrorCode::interrupted,
                         "The server had to stop here; what was written is kept. Send the message "
                         "again or continue the reply.",
                         {}));
  }
  channel_.look();
  if (channel_.is_stop_asked()) return ended(Status::stopped);
  if (left_.is_ready()) channel_.give_up();
  if (channel_.is_given_up() && !wishes_.keeps_on) return ended(Status::disconnected);
  return std::nullopt;
}

void Relay::close_attempt(const llm::StreamSummary& summary) {
  auto& attempt = attempts_.back();
  attempt.latency_ms = now_ms_ - attempt.started_at_ms;
  attempt.usage = summary.usage;
  attempt.status = summary.complete ? Status::complete : Status::failed;
  if (summary.problem) attempt.error = summary.problem->code;
}

void Relay::note_failure(const Problem& problem) {
  // The request is made again only to remove its quotations from the provider's message.
  const bool is_needed = !problem.provider_message.empty() && !route_.is_forgotten();
  const auto call = is_needed ? route_.call(plan_.model()) : Result<ModelCall>();
  engine::note_failure(failures_, route_[plan_.model()], problem,
                       call ? std::string_view(call->body) : std::string_view());
}

void Relay::note_first_sign() {
  auto& attempt = attempts_.back();
  if (!attempt.first_token_ms) attempt.first_token_ms = now_ms_ - attempt.started_at_ms;
}

void Relay::on_text(std::string_view text) {
  if (!wishes_.seam) return say(text);
  const auto joined = wishes_.seam->add(text);
  if (joined.empty()) {
    note_first_sign();
  } else {
    say(joined);
  }
}

void Relay::say(std::string_view text) {
  if (!has_spoken_) {
    has_spoken_ = true;
    note_first_sign();
    if (!first_token_ms_) first_token_ms_ = now_ms_ - started_ms_;
    // With tools the conversation may have to be sent again.
    if (!tools_) route_.forget();
  }
  if (tools_ && tools_->begins_paragraph()) add_text("\n\n");
  if (tools_) tools_->add_text(text);
  add_text(text);
}

void Relay::add_text(std::string_view text) {
  without_nul(text, [this](std::string_view part) {
    saver_.add(part);
    channel_.text(part, now_ms_);
  });
}

void Relay::on_reasoning(std::string_view text) {
  note_first_sign();
  has_reasoned_ = true;
  if (!wishes_.tells_reasoning) return;
  without_nul(text, [this](std::string_view part) { channel_.reasoning(part, now_ms_); });
}

void Relay::on_tool_call(const llm::ToolCallPart& part) {
  note_first_sign();
  if (tools_) tools_->add_call(part);
}

}  // namespace fabula::engine

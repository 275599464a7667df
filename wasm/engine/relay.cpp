#include "wasm/engine/relay.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"

namespace fabula::engine {
namespace {

using turn::Status;

// Far beyond any model's longest output; the database takes no more than 4 MiB.
constexpr std::uint64_t kMaximumReplyBytes = std::uint64_t{1} << 20;

RelayEnd ended(Status status, std::optional<Problem> problem = std::nullopt) {
  RelayEnd end;
  end.status = status;
  end.problem = std::move(problem);
  return end;
}

}  // namespace

Relay::Relay(runtime::Context& context, RelayLimits limits, ModelRoute& route, ClientWriter& writer,
             ReplySaver& saver, bool keeps_on)
    : context_(context),
      limits_(limits),
      route_(route),
      writer_(writer),
      saver_(saver),
      keeps_on_(keeps_on),
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
    const auto& problem = end_->problem;
    note_end_of_call(end_->status, problem ? std::optional(problem->code) : std::nullopt,
                     upstream_->stop());
  }
  upstream_.reset();
  saver_.stop();
  timer_.reset();
  co_return std::move(*end_);
}

std::array<runtime::Waitable*, 7> Relay::waiting_for() {
  std::array<runtime::Waitable*, 2> model{};
  if (upstream_) model = upstream_->waiting_for();
  return {writer_.is_given_up() ? nullptr : &left_,
          &ending_,
          model[0],
          model[1],
          writer_.waiting_for(),
          saver_.waiting_for(),
          timer_ ? &*timer_ : nullptr};
}

// Starts whatever should be under way now.
void Relay::arm(std::int64_t now_ms) {
  if (upstream_ && !writer_.is_full()) upstream_->read_on(now_ms);
  writer_.arm(now_ms);
  saver_.arm(now_ms);
  // One timer for all moments: it is made anew only when something is due earlier than it.
  const auto model_due_ms = upstream_ ? upstream_->deadline_ms() : attempt_due_ms_;
  const auto due_ms = std::min({model_due_ms, writer_.due_ms(), saver_.due_ms()});
  if (timer_ && timer_due_ms_ <= due_ms) return;
  timer_due_ms_ = std::max(due_ms, now_ms);
  timer_.emplace(context_, static_cast<std::uint32_t>(timer_due_ms_ - now_ms));
}

std::optional<RelayEnd> Relay::look(std::int64_t now_ms) {
  if (auto end = look_at_model(now_ms)) return end;
  if (auto end = look_at_client()) return end;
  if (!saver_.look()) return ended(Status::stopped);
  return std::nullopt;
}

std::optional<RelayEnd> Relay::look_at_model(std::int64_t now_ms) {
  while (upstream_ || now_ms >= attempt_due_ms_) {
    auto summary = upstream_ ? upstream_->look(now_ms) : ask(now_ms);
    if (!summary) {
      if (saver_.reply().size_bytes() <= kMaximumReplyBytes) return std::nullopt;
      return ended(Status::failed,
                   Problem(ErrorCode::provider_error,
                           "The model wrote more than a reply may hold; what was written is kept. "
                           "Ask for the rest in a new message.",
                           "reply too long"));
    }
    if (upstream_) {
      note_end_of_call(summary->complete ? Status::complete : Status::failed,
                       summary->problem ? std::optional(summary->problem->code) : std::nullopt,
                       summary->usage);
    }
    upstream_.reset();
    if (!summary->complete && !first_token_ms_) {
      if (auto end = after_failure(std::move(*summary->problem), now_ms)) return end;
      continue;
    }
    RelayEnd end;
    end.status = summary->complete ? Status::complete : Status::failed;
    end.finish_reason = summary->finish_reason;
    end.usage = summary->usage;
    end.problem = std::move(summary->problem);
    return end;
  }
  return std::nullopt;
}

// Asks the model whose turn it is; gives how that ended when it cannot be asked.
std::optional<llm::StreamSummary> Relay::ask(std::int64_t now_ms) {
  auto call = route_.call(plan_.model());
  if (call) {
    const auto& endpoint = route_[plan_.model()];
    calls_.push_back({.provider = std::string(endpoint.provider->name),
                      .model = endpoint.model,
                      .started_at_ms = now_ms});
    llm::StreamSink& sink = *this;
    const auto format = endpoint.provider->format;
    upstream_.emplace(context_, call->head, call->body, format, limits_.upstream, now_ms, until_ms_,
                      sink);
    return std::nullopt;
  }
  llm::StreamSummary summary;
  summary.problem = std::move(call.error());
  return summary;
}

void Relay::note_end_of_call(Status status, std::optional<ErrorCode> error,
                             std::optional<llm::Usage> usage) {
  auto& call = calls_.back();
  call.status = status;
  call.error = error;
  call.usage = std::move(usage);
  call.latency_ms = now_ms_ - call.started_at_ms;
  call.first_token_ms = upstream_->first_token_ms();
}

// The client has been told nothing: another attempt is as good as the first.
std::optional<RelayEnd> Relay::after_failure(Problem problem, std::int64_t now_ms) {
  const auto wait_ms =
      plan_.wait_after(problem, until_ms_ - now_ms, runtime::random_number(context_));
  // That the time is over says less than what it was spent on.
  if (problem.code != ErrorCode::time_limit || !last_failure_) last_failure_ = std::move(problem);
  if (!wait_ms) return ended(Status::failed, std::move(last_failure_));
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
  writer_.look();
  if (left_.is_ready()) writer_.give_up();
  if (writer_.is_given_up() && !keeps_on_) return ended(Status::disconnected);
  return std::nullopt;
}

void Relay::on_text(std::string_view text) {
  if (!first_token_ms_) {
    first_token_ms_ = now_ms_ - started_ms_;
    route_.forget();
  }
  const auto tell = [this](std::string_view part) {
    saver_.add(part);
    writer_.add(part, now_ms_);
  };
  // Postgres stores no U+0000; the client is told the same as is stored.
  for (auto nul = text.find('\0'); nul != std::string_view::npos; nul = text.find('\0')) {
    tell(std::string(text.substr(0, nul)) + "\uFFFD");
    text.remove_prefix(nul + 1);
  }
  if (!text.empty()) tell(text);
}

}  // namespace fabula::engine

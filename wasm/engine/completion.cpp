#include "wasm/engine/completion.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/json/text.hpp"
#include "shared/llm/answer/empty_answer.hpp"
#include "shared/llm/answer/structured_output.hpp"
#include "shared/llm/route/retry.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/llm/stream/usage_sum.hpp"
#include "shared/text/blank.hpp"
#include "shared/turn/hope.hpp"
#include "shared/usage/token_estimate.hpp"
#include "wasm/engine/provider_failures.hpp"
#include "wasm/engine/turn.hpp"
#include "wasm/engine/upstream.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/select.hpp"
#include "wasm/runtime/signal.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

// Far more than any such work needs.
constexpr std::size_t kMaximumTextBytes = std::size_t{512} << 10;

Problem interrupted() {
  return {ErrorCode::interrupted, "The server had to stop here. Try again.", {}};
}

// The conversation for a model: the request's, and after an answer that violated the schema also
// that answer and a description of the fault.
class Prompt {
 public:
  explicit Prompt(const CompletionRequest& request) : request_(request) {}

  Result<ModelCall> call(const llm::Endpoint& endpoint, llm::RefusedParts refused) const {
    return make_call(endpoint,
                     {.system_prompt = request_.system_prompt,
                      .history_json = is_corrected() ? corrected_history_ : request_.history_json,
                      .user_text = is_corrected() ? correction_ : request_.user_text,
                      .maximum_output_tokens = static_cast<int>(request_.maximum_output_tokens),
                      .response_schema = request_.response_schema,
                      .response_schema_name = request_.response_schema_name,
                      .refused = refused});
  }

  bool is_corrected() const { return !correction_.empty(); }

  void correct(std::string_view answer, const Problem& problem) {
    const auto history = request_.history_json;
    const auto end = history.rfind(']');
    corrected_history_ = history.substr(0, end);
    if (history.find('{') < end) corrected_history_ += ',';
    const auto add = [this](std::string_view role, std::string_view content) {
      json::Writer writer(corrected_history_);
      writer.begin_object().key("role").string(role).key("content").string(content).end_object();
    };
    if (!request_.user_text.empty()) {
      add("user", request_.user_text);
      corrected_history_ += ',';
    }
    add("assistant", answer);
    corrected_history_ += ']';
    correction_ = llm::correction_request(problem);
  }

  // For another model, which has made no mistake yet.
  void start_over() { correction_.clear(); }

 private:
  const CompletionRequest& request_;
  std::string corrected_history_;
  std::string correction_;
};

struct Answer final : private llm::StreamSink {
  explicit Answer(CompletionListener* who_listens) : listener(who_listens) {}

  std::string text;
  bool has_reasoned = false;
  llm::StreamSummary summary;
  CompletionListener* listener;

  llm::StreamSink& sink() { return *this; }

 private:
  void on_text(std::string_view part) override {
    const auto heard = text.size();
    add(part);
    if (listener) listener->on_text(std::string_view(text).substr(heard));
  }

  void on_reasoning(std::string_view) override { has_reasoned = true; }

  void add(std::string_view part) {
    for (auto nul = part.find('\0'); nul != std::string_view::npos; nul = part.find('\0')) {
      text.append(part.substr(0, nul)).append("\uFFFD");
      part.remove_prefix(nul + 1);
    }
    text.append(part);
  }
};

// The result of checking an answer; without a fault the answer is in the completion.
struct Verdict {
  std::optional<Problem> fault;
  bool has_wrong_form = false;  // then the model can be told about the fault
};

Verdict judge(Answer& answer, std::string_view schema, Completion& completion) {
  using llm::FinishReason;
  if (!answer.summary.complete) return {std::move(answer.summary.problem)};
  const auto reason = answer.summary.finish_reason;
  const bool is_refused = reason == FinishReason::refusal || reason == FinishReason::content_filter;
  if (is_refused || text::is_blank(answer.text)) {
    return {llm::empty_answer(answer.summary, answer.has_reasoned)};
  }
  completion.is_truncated = reason == FinishReason::length;
  if (!schema.empty()) {
    auto output = llm::read_structured_output(answer.text, schema);
    if (!output) return {std::move(output.error()), true};
    completion.document = std::move(output->document);
    completion.is_truncated = output->is_truncated;
  }
  completion.text = std::move(answer.text);
  return {};
}

// Makes one attempt and records it in `made`.
Task<void> ask(Context& context, const ModelCall& call, const llm::Endpoint& endpoint,
               UpstreamLimits limits, std::int64_t until_ms, Answer& answer,
               usage::ModelCall& made) {
  runtime::SignalWait ending(context.isolate_ending());
  auto* stopping = answer.listener ? answer.listener->stopping() : nullptr;
  made.started_at_ms = runtime::now_ms(context);
  Upstream upstream(context, call.head, call.body, endpoint, limits, made.started_at_ms, until_ms,
                    answer.sink());
  // One timer serves all deadlines: it is replaced only when an earlier one comes up.
  std::optional<runtime::Timer> timer;
  std::int64_t timer_due_ms = 0;
  for (;;) {
    const auto now_ms = runtime::now_ms(context);
    if (timer && timer->is_ready()) timer.reset();
    auto summary = upstream.look(now_ms);
    made.latency_ms = now_ms - made.started_at_ms;
    made.first_token_ms = upstream.first_token_ms();
    if (summary) {
      answer.summary = std::move(*summary);
      co_return;
    }
    if (ending.is_ready() || (stopping && stopping->is_ready())) {
      answer.summary.usage = upstream.give_up().usage;
      answer.summary.problem = interrupted();
      co_return;
    }
    if (answer.text.size() > kMaximumTextBytes) {
      answer.summary.usage = upstream.give_up().usage;
      answer.summary.problem =
          llm::provider_problem(ErrorCode::provider_malformed, "an answer without an end");
      co_return;
    }
    if (answer.listener && answer.listener->is_full()) {
      answer.summary = upstream.give_up();
      answer.summary.complete = true;
      answer.summary.problem.reset();
      answer.summary.finish_reason = llm::FinishReason::length;
      co_return;
    }
    upstream.read_on(now_ms);
    const auto due_ms = std::max(upstream.deadline_ms(), now_ms);
    if (!timer || due_ms < timer_due_ms) {
      timer_due_ms = due_ms;
      timer.emplace(context, static_cast<std::uint32_t>(due_ms - now_ms));
    }
    const auto model = upstream.waiting_for();
    co_await runtime::first_of(
        std::array<runtime::Waitable*, 5>{model[0], model[1], &ending, stopping, &*timer});
  }
}

turn::Status status_of(const llm::StreamSummary& summary, bool is_isolate_ending) {
  if (summary.complete) return turn::Status::complete;
  return is_isolate_ending ? turn::Status::interrupted : turn::Status::failed;
}

// Sleeps, and wakes when the isolate ends.
Task<void> pause(Context& context, std::int64_t duration_ms) {
  runtime::SignalWait ending(context.isolate_ending());
  runtime::Timer timer(context, static_cast<std::uint32_t>(duration_ms));
  co_await runtime::first_of(timer, ending);
}

}  // namespace

Task<Result<Completion>> complete(Call& call, const Endpoints& endpoints,
                                  const CompletionRequest& request,
                                  std::vector<usage::ModelCall>& calls) {
  Context& context = call.context();
  const auto limits = read_turn_limits(call).relay.upstream;
  const auto until_ms = runtime::now_ms(context) + request.deadline_ms;
  Prompt prompt(request);
  llm::RetryPlan plan(endpoints.size());
  ServerHabits habits(context, endpoints);
  Completion completion;
  std::optional<Problem> last_failure;
  for (;;) {
    const auto model = plan.model();
    const auto& endpoint = endpoints[model];
    Answer answer(request.listener);
    if (request.listener) request.listener->on_begin();
    usage::ModelCall made{.provider = std::string(endpoint.provider->name),
                          .model = endpoint.model};
    const auto model_call = prompt.call(endpoint, habits.refused(model));
    if (model_call) {
      ++completion.attempts;
      co_await ask(context, *model_call, endpoint, limits, until_ms, answer, made);
      llm::add_usage(completion.usage, answer.summary.usage);
    } else {
      answer.summary.problem = model_call.error();
    }
    made.usage = answer.summary.usage;
    made.estimated_output_tokens = usage::estimate_tokens(answer.text.size());
    made.status = status_of(answer.summary, context.isolate_ending().is_set());

    const auto checked = request.is_response_checked ? request.response_schema : std::string_view{};
    auto [fault, has_wrong_form] = judge(answer, checked, completion);
    if (fault) {
      made.error = fault->code;
      note_failure(call.log().provider_failures, endpoint, *fault,
                   model_call ? std::string_view(model_call->body) : std::string_view());
    }
    if (model_call) calls.push_back(std::move(made));
    if (!fault) {
      completion.provider = endpoint.provider->name;
      completion.model = endpoint.model;
      co_return completion;
    }

    if (context.isolate_ending().is_set()) co_return tl::unexpected(interrupted());
    if (auto* listener = request.listener) {
      auto* stopping = listener->stopping();
      const bool is_over =
          (stopping && stopping->is_ready()) || (!answer.summary.complete && listener->is_enough());
      if (is_over) co_return tl::unexpected(*std::move(fault));
    }
    const auto left_ms = until_ms - runtime::now_ms(context);
    std::optional<std::int64_t> wait_ms;
    if (left_ms > 0 && habits.learn(model, *fault)) {
      wait_ms = 0;
    } else if (!has_wrong_form) {
      wait_ms = plan.wait_after(*fault, left_ms, runtime::random_number(context));
    } else if (prompt.is_corrected()) {
      wait_ms = plan.skip_model(left_ms);
    } else if (left_ms > 0) {
      prompt.correct(answer.text, *fault);
      wait_ms = 0;
    }
    // An earlier failure is more informative than a timeout.
    if (!last_failure || turn::is_as_hopeful(*fault, *last_failure))
      last_failure = std::move(fault);
    if (!wait_ms) co_return tl::unexpected(std::move(*last_failure));
    if (plan.model() != model) prompt.start_over();
    if (*wait_ms > 0) co_await pause(context, *wait_ms);
    if (context.isolate_ending().is_set()) co_return tl::unexpected(interrupted());
  }
}

}  // namespace fabula::engine

#include "wasm/engine/illustrations.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "shared/http/head.hpp"
#include "shared/llm/route/retry.hpp"
#include "shared/llm/stream/failure.hpp"
#include "shared/settings/table.hpp"
#include "shared/turn/hope.hpp"
#include "wasm/engine/fetch.hpp"
#include "wasm/engine/provider_failures.hpp"
#include "wasm/engine/server_habits.hpp"
#include "wasm/engine/storage.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/timer.hpp"

namespace fabula::engine {
namespace {

using runtime::Task;

constexpr std::size_t kMaximumImageAnswerBytes = std::size_t{6} << 20;

std::string illustrations_bucket(Call& call) {
  return std::string(call.setting_values().text(settings::named("FABULA_ILLUSTRATIONS_BUCKET")));
}

ErrorCode code_of(FetchFault fault) {
  switch (fault) {
    case FetchFault::timeout:
      return ErrorCode::provider_timeout;
    case FetchFault::too_large:
      return ErrorCode::provider_malformed;
    case FetchFault::unreachable:
      return ErrorCode::provider_error;
    case FetchFault::broken:
      break;
  }
  return ErrorCode::provider_incomplete;
}

Task<Result<llm::Image>> draw_once(Call& call, const llm::Endpoint& model, std::string_view url,
                                   std::string_view body, std::int64_t time_ms) {
  const std::string head =
      co_await http::serialize(http::RequestHead{"POST", std::string(url), model.headers});
  std::string answer_head;
  auto answer =
      co_await fetch(call.context(), {.head = head,
                                      .body = body,
                                      .limit_bytes = kMaximumImageAnswerBytes,
                                      .deadlines = {time_ms, deadlines::kPictureSilenceMs, time_ms},
                                      .answer_head = &answer_head});
  if (!answer) {
    co_return tl::unexpected(llm::provider_problem(code_of(answer.error()), "no whole picture"));
  }
  if (answer->status < 200 || answer->status >= 300) {
    co_return tl::unexpected(failure_of_answer(answer->status, answer_head, answer->body,
                                               runtime::now_ms(call.context())));
  }
  co_return llm::read_image(*model.provider, std::move(answer->body));
}

}  // namespace

Task<Result<DrawnImage>> draw(Call& call, const Endpoints& models, std::string_view prompt,
                              std::int64_t time_ms, std::vector<usage::ModelCall>& calls) {
  auto& context = call.context();
  const auto until_ms = runtime::now_ms(context) + time_ms;
  llm::RetryPlan plan(models.size());
  ServerHabits habits(context, models);
  std::optional<Problem> told;
  for (;;) {
    const auto place = plan.model();
    const auto& model = models[place];
    const bool is_elsewhere = habits.refused(place).has(llm::RequestPart::first_address);
    const std::string body = llm::image_request(model, prompt);
    usage::ModelCall made{.provider = std::string(model.provider->name), .model = model.model};
    made.started_at_ms = runtime::now_ms(context);
    const auto left_ms = std::max<std::int64_t>(until_ms - made.started_at_ms, 1);
    auto image = co_await runtime::attempt(
        draw_once(call, model, is_elsewhere ? model.other_url : model.url, body, left_ms));
    const auto now_ms = runtime::now_ms(context);
    made.latency_ms = now_ms - made.started_at_ms;
    made.status = image ? turn::Status::complete : turn::Status::failed;
    if (image) made.usage = image->usage;
    if (!image) made.error = image.error().code;
    calls.push_back(std::move(made));
    if (image) {
      co_return DrawnImage{*std::move(image),
                           std::string(model.provider->name) + ":" + model.model};
    }
    auto& failure = image.error();
    note_failure(call.log().provider_failures, model, failure, body);
    const auto wait_ms =
        now_ms < until_ms && habits.learn(place, failure)
            ? std::optional<std::int64_t>(0)
            : plan.wait_after(failure, until_ms - now_ms, runtime::random_number(context));
    if (!told || turn::is_as_hopeful(failure, *told)) told = std::move(failure);
    if (!wait_ms || context.isolate_ending().is_set()) co_return tl::unexpected(*std::move(told));
    if (*wait_ms > 0) {
      runtime::Timer pause(context, static_cast<std::uint32_t>(*wait_ms));
      co_await pause;
    }
  }
}

Task<Result<void>> write_illustration(Call& call, std::string_view path, const llm::Image& image) {
  const auto bucket = illustrations_bucket(call);
  co_return co_await runtime::attempt(
      write_file(call, {bucket, path}, image.media_type, image.bytes));
}

Task<Result<void>> delete_illustration(Call& call, std::string_view path) {
  const auto bucket = illustrations_bucket(call);
  co_return co_await runtime::attempt(delete_file(call, {bucket, path}));
}

Task<Result<std::vector<std::string>>> sign_illustrations(Call& call,
                                                          std::span<const std::string> paths,
                                                          std::int64_t lifetime_seconds) {
  const auto bucket = illustrations_bucket(call);
  co_return co_await runtime::attempt(sign_files(call, bucket, paths, lifetime_seconds));
}

}  // namespace fabula::engine

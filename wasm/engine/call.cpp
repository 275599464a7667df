#include "wasm/engine/call.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/api/location.hpp"
#include "shared/api/server_url.hpp"
#include "shared/settings/table.hpp"
#include "shared/text/integer.hpp"
#include "shared/text/uuid.hpp"
#include "wasm/engine/deadlines.hpp"
#include "wasm/runtime/body.hpp"
#include "wasm/runtime/deadline.hpp"
#include "wasm/runtime/host.hpp"
#include "wasm/runtime/response.hpp"
#include "wasm/runtime/socket.hpp"

namespace fabula::engine {
namespace {

using runtime::Context;
using runtime::Task;

constexpr std::size_t kMaximumRequestIdBytes = 128;
constexpr std::size_t kDiscardedBytes = std::size_t{16} << 20;
constexpr std::string_view kSendYourToken =
    " This request has no token, so that it comes from a new guest. What a guest has begun is "
    "that guest's alone: send the guest_token of the first answer (its header x-guest-token) as "
    "Authorization: Bearer fg_...";

// A caller may name its request, for tracing; a name that is unsafe in a log is replaced.
std::string request_id(Context& context, const http::Headers& headers) {
  const auto given = headers.find("x-request-id");
  const auto is_plain = [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (given && !given->empty() && given->size() <= kMaximumRequestIdBytes &&
      std::all_of(given->begin(), given->end(), is_plain)) {
    return std::string(*given);
  }
  std::array<std::uint8_t, 16> random{};
  runtime::fill_random(context, random);
  return text::make_uuid_v4(random);
}

}  // namespace

Call::Call(Context& context, std::string_view function)
    : context_(context),
      environment_{context},
      setting_values_(environment_),
      started_ms_(runtime::now_ms(context)) {
  log_.function = function;
}

Result<void> Call::read_head() {
  auto head = http::parse_request_head(runtime::request_head(context_));
  log_.request_id = request_id(context_, head ? head->headers : http::Headers());
  if (!head) return tl::unexpected(std::move(head.error()));
  head_ = std::move(*head);
  auto url = http::parse_url(head_.url);
  if (!url) return tl::unexpected(std::move(url.error()));
  url_ = std::move(*url);
  return {};
}

std::optional<std::string> Call::Environment::operator()(std::string_view name) const {
  return runtime::environment(context, name);
}

Result<void> Call::read_settings() {
  const auto origins = setting_values_.text(settings::named("FABULA_ALLOWED_ORIGINS"));
  auto cors = http::parse_allowed_origins(origins);
  if (!cors) return tl::unexpected(std::move(cors.error()));
  cors_ = std::move(*cors);
  auto settings = auth::read_settings(setting_values_);
  if (!settings) return tl::unexpected(std::move(settings.error()));
  settings_ = std::move(*settings);
  return {};
}

Task<Result<std::string>> Call::read_body(std::size_t limit_bytes) {
  runtime::Deadline deadline(context_, deadlines::kRequestWholeMs);
  auto body = co_await runtime::read_whole(context_, runtime::kRequestBody, limit_bytes, deadline,
                                           deadlines::kRequestSilenceMs);
  if (body) co_return std::move(*body);
  if (body.error() == runtime::BodyFault::too_large) {
    // Many clients read no response before they have sent all of their body, and see a broken
    // connection if the server closes it earlier.
    runtime::Deadline rest(context_, deadlines::kDiscardMs);
    co_await runtime::discard(context_, runtime::kRequestBody, kDiscardedBytes, rest);
    co_return problem(ErrorCode::body_too_large,
                      "The body is larger than " +
                          text::integer_text(static_cast<std::int64_t>(limit_bytes)) +
                          " bytes. Send a shorter one.");
  }
  if (body.error() == runtime::BodyFault::too_slow) {
    co_return problem(ErrorCode::request_timeout,
                      "The request's body has not come in time: at most 15 seconds may pass "
                      "between two parts of it, and 60 until its end. Nothing was done; send the "
                      "request again.");
  }
  co_return problem(ErrorCode::malformed_json, "The body broke off. Send the request again.");
}

Result<void> Call::start(http::ResponseHead&& head) {
  head.headers.set("x-request-id", log_.request_id);
  http::add_cors_headers(cors_, head_, head.headers);
  auto text = http::serialize(head);
  if (!text) return tl::unexpected(std::move(text.error()));
  is_started_ = true;
  log_.status = head.status;
  runtime::start_response(context_, *text);
  return {};
}

bool Call::accept_socket(std::string_view protocol) {
  is_socket_ = runtime::accept_socket(context_, protocol);
  is_started_ = is_socket_;
  return is_socket_;
}

void Call::set_operation(const api::Operation& operation,
                         const std::vector<http::Capture>& captures) {
  operation_ = &operation;
  captures_ = &captures;
}

Task<void> Call::send(http::Response&& response) {
  if (operation_ && !operation_->answer.location.empty()) {
    api::complete_location(response, operation_->answer.location, *captures_,
                           api::server_url(url_, head_.headers, settings_.supabase_url));
  }
  if (auto started = start(std::move(response.head)); !started) {
    note_problem(started.error());
    // Only headers of our own can be invalid, so a bare head is sent instead.
    is_started_ = true;
    runtime::start_response(context_, "500\n");
  }
  if (response.body.empty()) {
    runtime::end_response(context_);
    co_return;
  }
  // Beyond this time, the host and not this instance keeps the bytes.
  runtime::ResponseWrite write(context_, response.body);
  runtime::Deadline deadline(context_, deadlines::kSendMs);
  co_await deadline.wait_for(write);
  runtime::end_response(context_);
}

Task<void> Call::refuse(const Problem& problem) {
  note_problem(problem);
  if (is_socket_) co_return;
  if (is_started_) {
    runtime::end_response(context_);
    co_return;
  }
  auto response = http::problem_response(as_told(problem), log_.request_id);
  co_await send(std::move(response));
}

Problem Call::as_told(Problem problem) const {
  if (is_new_guest_ && problem.code == ErrorCode::not_found) problem.detail.append(kSendYourToken);
  return problem;
}

void Call::note_problem(const Problem& problem) {
  log_.code = facts(problem.code).name;
  log_.cause = problem.cause;
}

void Call::write_log(std::string_view message) {
  const auto now_ms = runtime::now_ms(context_);
  for (const auto name : setting_values_.unusable()) {
    if (!log_.unusable_settings.empty()) log_.unusable_settings.append(",");
    log_.unusable_settings.append(name);
  }
  const auto line = log::to_line(log_, message, started_ms_, now_ms);
  const auto level = log::level(log_);
  runtime::log_line(context_,
                    level == log::Level::error  ? abi::LogLevel::error
                    : level == log::Level::warn ? abi::LogLevel::warn
                                                : abi::LogLevel::info,
                    line);
}

}  // namespace fabula::engine

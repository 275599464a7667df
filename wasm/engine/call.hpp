// One incoming request as an endpoint sees it, and the ways to answer it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/api/operation.hpp"
#include "shared/auth/settings.hpp"
#include "shared/http/cors.hpp"
#include "shared/http/head.hpp"
#include "shared/http/problem_response.hpp"
#include "shared/http/router.hpp"
#include "shared/http/url.hpp"
#include "shared/log/request_log.hpp"
#include "shared/result/result.hpp"
#include "shared/settings/values.hpp"
#include "wasm/engine/database.hpp"
#include "wasm/runtime/context.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::engine {

class Call {
 public:
  Call(runtime::Context& context, std::string_view function);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Reads the request's head. Call it first.
  Result<void> read_head();
  // Reads the settings. Call it before anything that needs them.
  Result<void> read_settings();

  runtime::Context& context() { return context_; }
  const http::RequestHead& head() const { return head_; }
  const http::Url& url() const { return url_; }
  const auth::Settings& settings() const { return settings_; }
  DatabaseSettings database() const { return {settings_.rest_url, settings_.secret_key}; }
  const http::CorsPolicy& cors() const { return cors_; }
  std::int64_t started_ms() const { return started_ms_; }
  log::RequestLog& log() { return log_; }

  // All other settings (shared/settings/table.hpp).
  settings::Values& setting_values() { return setting_values_; }

  // Reads the request's body, at most `limit_bytes`. Errors: body_too_large, request_timeout when
  // it arrives too slowly, or malformed_json when the connection broke.
  runtime::Task<Result<std::string>> read_body(std::size_t limit_bytes);

  // Sets the operation of the request and the values of its pattern's placeholders; both must
  // outlive the call.
  void set_operation(const api::Operation& operation, const std::vector<http::Capture>& captures);

  // Sends a whole response, with the headers of every response and those of the operation.
  runtime::Task<void> send(http::Response&& response);
  // Sends the response's head; the body follows by ResponseWrite and end_response.
  Result<void> start(http::ResponseHead&& head);
  // Answers a handshake by opening the socket; false when the request is no handshake.
  bool accept_socket(std::string_view protocol);
  bool is_started() const { return is_started_; }

  // Notes that the request has no token, so that the caller is a new guest, who owns nothing yet.
  void note_new_guest() { is_new_guest_ = true; }

  // Answers with the problem's response, if no response has begun, and logs the problem.
  runtime::Task<void> refuse(const Problem& problem);
  // The problem in the words for this caller: if a new guest asks for another's thing, it names the
  // token that would show its owner.
  Problem as_told(Problem problem) const;
  void note_problem(const Problem& problem);

  // Writes the request's log line.
  void write_log(std::string_view message);

 private:
  // The source of setting_values().
  struct Environment {
    runtime::Context& context;
    std::optional<std::string> operator()(std::string_view name) const;
  };

  runtime::Context& context_;
  Environment environment_;
  settings::Values setting_values_;
  http::RequestHead head_;
  http::Url url_;
  auth::Settings settings_;
  http::CorsPolicy cors_;
  std::int64_t started_ms_;
  log::RequestLog log_;
  const api::Operation* operation_ = nullptr;
  const std::vector<http::Capture>* captures_ = nullptr;
  bool is_new_guest_ = false;
  bool is_started_ = false;
  bool is_socket_ = false;
};

}  // namespace fabula::engine

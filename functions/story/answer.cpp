#include "functions/story/answer.hpp"

#include <utility>

#include "shared/json/text.hpp"

namespace fabula::story_function {
namespace {

using runtime::Task;

constexpr std::string_view kFailedInWords =
    "The story's task has failed. What it has written is kept: try it again with "
    "POST /story/task/{task_id}/retry.";

void set_unless_empty(json::Document& answer, std::string_view key, const std::string& text) {
  if (!text.empty()) answer[std::string(key)] = text;
}

}  // namespace

std::string answer_of(const json::Document& result, const Facts& facts) {
  json::Document answer = result.is_object() ? result : json::Document::object();
  answer["success"] = true;
  answer["cached"] = facts.is_cached;
  set_unless_empty(answer, "task_id", facts.task_id);
  set_unless_empty(answer, "project_id", facts.project_id);
  set_unless_empty(answer, "language", facts.language);
  set_unless_empty(answer, "unit", facts.unit);
  if (auto adjustments = json::parse(facts.adjustments)) {
    answer["adjustments"] = std::move(*adjustments);
  }
  return json::dump(answer);
}

std::optional<Problem> failure_of(const json::Document& task) {
  if (json::string_at(task, "status") != "failed") return std::nullopt;
  Problem problem(ErrorCode::provider_error, kFailedInWords, {});
  const auto* error = json::find(task, "error");
  if (!error) return problem;
  if (const auto* text = error->get_ptr<const std::string*>(); text && !text->empty()) {
    problem.detail = *text;
  }
  if (const auto code = json::string_at(*error, "code")) {
    problem.code = error_code_named(*code).value_or(problem.code);
  }
  if (const auto message = json::string_at(*error, "message"); message && !message->empty()) {
    problem.detail = *message;
  }
  return problem;
}

const json::Document* result_of(const json::Document& task) {
  const auto* result = json::find(task, "result");
  return result && result->is_object() && !result->empty() ? result : nullptr;
}

Task<void> send_json(engine::Call& call, int status, std::string body,
                     const http::Headers& headers) {
  http::Response response;
  response.head.status = status;
  response.head.headers.add("content-type", "application/json");
  response.head.headers.add("cache-control", "no-store");
  for (const auto& header : headers) response.head.headers.add(header.name, header.value);
  response.body = std::move(body);
  co_await call.send(std::move(response));
}

http::Headers headers_of(const Facts& facts, const engine::Caller& caller) {
  http::Headers headers;
  if (!facts.task_id.empty()) headers.add("x-task-id", facts.task_id);
  if (!facts.project_id.empty()) headers.add("x-project-id", facts.project_id);
  if (!caller.new_guest_token.empty()) headers.add("x-guest-token", caller.new_guest_token);
  return headers;
}

}  // namespace fabula::story_function

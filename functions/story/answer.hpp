// The answers of the story function, made from a task's data in the database.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/http/headers.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::story_function {

// Facts that every answer has besides its result. Empty: unknown.
struct Facts {
  std::string task_id;
  std::string project_id;
  std::string language;
  std::string unit;
  std::string adjustments = "[]";  // JSON array
  bool is_cached = false;
};

// The members of `result` and the facts as one JSON object.
std::string answer_of(const json::Document& result, const Facts& facts);

// Why a task has failed; nothing if it has not.
std::optional<Problem> failure_of(const json::Document& task);

// The task's result if it has a valid one, else nullptr.
const json::Document* result_of(const json::Document& task);

// Sends a JSON object. `headers` are added.
runtime::Task<void> send_json(engine::Call& call, int status, std::string body,
                              const http::Headers& headers);

// Sends a problem: a new guest's token must reach its guest even then.
runtime::Task<void> send_problem(engine::Call& call, const Problem& problem,
                                 const http::Headers& headers);

// The headers that name the task, its story, and a new guest's token.
http::Headers headers_of(const Facts& facts, const engine::Caller& caller);

}  // namespace fabula::story_function

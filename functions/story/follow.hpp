// Waits for a task, works on it meanwhile, and answers in the form that the caller wants.
#pragma once

#include "functions/story/answer.hpp"
#include "shared/story/task_rows.hpp"
#include "wasm/engine/answer_form.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::story_function {

// Sends one JSON answer: the result; 202 with the task when there is no result in time; or the
// task's failure as a problem.
runtime::Task<Result<void>> answer_whole(engine::Call& call, const engine::Caller& caller,
                                         Facts facts);

// Sends server-sent events from `place` on, until the task ends.
runtime::Task<Result<void>> answer_stream(engine::Call& call, const engine::Caller& caller,
                                          Facts facts, story::WatchPlace from);

}  // namespace fabula::story_function

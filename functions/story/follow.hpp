// Waits for a task, works on it meanwhile, and answers in the form that the caller wants.
#pragma once

#include "functions/story/answer.hpp"
#include "shared/story/task_rows.hpp"
#include "wasm/engine/answer_form.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/identity.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::story_function {

// As one JSON answer: the result; 202 with the task when it has none in time; or the problem that
// the task has failed with.
runtime::Task<Result<void>> answer_whole(engine::Call& call, const engine::Caller& caller,
                                         Facts facts);

// As server-sent events from this place on, to the end of the task.
runtime::Task<Result<void>> answer_stream(engine::Call& call, const engine::Caller& caller,
                                          Facts facts, story::WatchPlace from);

}  // namespace fabula::story_function

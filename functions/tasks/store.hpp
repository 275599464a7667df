// What the kinds of jobs share: storing what they have made, and the log of who made it.
#pragma once

#include <string>
#include <string_view>

#include "shared/log/request_log.hpp"
#include "shared/result/result.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/engine/completion.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::tasks_function {

// Calls commit_task or fail_task, which may be repeated: a job that is done says so. The answer's
// text.
runtime::Task<Result<std::string>> store(engine::Call& call, std::string_view function,
                                         std::string request);

void note_model(log::RequestLog& log, const engine::Completion& answer);

}  // namespace fabula::tasks_function

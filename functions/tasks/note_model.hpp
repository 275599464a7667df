// The log of who has done a job.
#pragma once

#include "shared/log/request_log.hpp"
#include "wasm/engine/completion.hpp"

namespace fabula::tasks_function {

void note_model(log::RequestLog& log, const engine::Completion& answer);

}  // namespace fabula::tasks_function

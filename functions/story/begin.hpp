// Begins a story's task in the database, or finds one that already answers the request.
#pragma once

#include "functions/story/answer.hpp"
#include "functions/story/request.hpp"
#include "shared/story/begin_rows.hpp"
#include "wasm/engine/call.hpp"
#include "wasm/runtime/task.hpp"

namespace fabula::story_function {

// Refusals: no_provider when no model can be asked; those of the database, such as plan_exceeded.
runtime::Task<Result<story::BegunStory>> begin(engine::Call& call, const Request& request);

Facts facts_of(const Request& request, const story::BegunStory& begun);

}  // namespace fabula::story_function

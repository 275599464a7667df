// Endpoints that need no story: the lists of settings, the tools, and estimates.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

runtime::Task<Result<void>> read_options(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> list_tools(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> estimate_story(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function

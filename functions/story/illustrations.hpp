// /story/illustrations: pictures of a story's scenes.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

// Begins a task that draws; refuses with no_provider when no model can be asked.
runtime::Task<Result<void>> begin_illustrations(engine::Call& call, const engine::Match& match);

// Lists the pictures, with URLs that are valid for an hour.
runtime::Task<Result<void>> list_illustrations(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function

// GET /story/export/{project_id}: a story as a file.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::story_function {

runtime::Task<Result<void>> export_story(engine::Call& call, const engine::Match& match);

}  // namespace fabula::story_function

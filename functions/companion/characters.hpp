// The endpoints that write characters, and their cards.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::companion_function {

// POST /companion/characters and PATCH /companion/characters/{companion_id}.
runtime::Task<Result<void>> create_character(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> change_character(engine::Call& call, const engine::Match& match);

// POST /companion/characters/import: a character from a card.
runtime::Task<Result<void>> import_character(engine::Call& call, const engine::Match& match);

// GET /companion/characters/{companion_id}/card: a character as a card.
runtime::Task<Result<void>> export_character(engine::Call& call, const engine::Match& match);

}  // namespace fabula::companion_function

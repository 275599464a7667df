// Endpoints that read a dossier's details, computed from its log.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::dossier_function {

runtime::Task<Result<void>> read(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> list_facts(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> list_changes(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> list_proposals(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> list_questions(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> read_difference(engine::Call& call, const engine::Match& match);

}  // namespace fabula::dossier_function

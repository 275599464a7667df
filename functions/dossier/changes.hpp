// People's edits of a dossier. Each adds entries to its log and answers with the new dossier.
#pragma once

#include "wasm/engine/serve.hpp"

namespace fabula::dossier_function {

runtime::Task<Result<void>> create_dossier(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> replace_dossier(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> merge_dossier(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> restore_version(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> undo_change(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> redo_change(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> remove_entry(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> decide_proposals(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> accept_proposal(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> reject_proposal(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> split_character(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> merge_characters(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> lock_field(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> unlock_field(engine::Call& call, const engine::Match& match);
runtime::Task<Result<void>> resolve_question(engine::Call& call, const engine::Match& match);

}  // namespace fabula::dossier_function

#include "functions/dossier/dossier.hpp"

#include <array>

#include "functions/dossier/changes.hpp"
#include "functions/dossier/import.hpp"
#include "functions/dossier/reads.hpp"
#include "shared/api/endpoints/dossier.hpp"
#include "shared/database/dossier.hpp"
#include "shared/database/readiness.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::dossier_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::dossier::kListDossiers>(&engine::forward, database::kListDossiers),
    engine::route<api::dossier::kCreateDossier>(&create_dossier),
    engine::route<api::dossier::kHealth>(&engine::health),
    engine::route<api::dossier::kReady>(&engine::ready, database::kReady),
    engine::route<api::dossier::kReadDossier>(&read),
    engine::route<api::dossier::kReplaceDossier>(&replace_dossier),
    engine::route<api::dossier::kMergeDossier>(&merge_dossier),
    engine::route<api::dossier::kClearDossier>(&engine::forward, database::kClearDossier),
    engine::route<api::dossier::kRemoveEntry>(&remove_entry),
    engine::route<api::dossier::kListVersions>(&engine::forward, database::kListDossierVersions),
    engine::route<api::dossier::kRestoreVersion>(&restore_version),
    engine::route<api::dossier::kReadDifference>(&read_difference),
    engine::route<api::dossier::kListFacts>(&list_facts),
    engine::route<api::dossier::kListChanges>(&list_changes),
    engine::route<api::dossier::kUndoChange>(&undo_change),
    engine::route<api::dossier::kRedoChange>(&redo_change),
    engine::route<api::dossier::kListProposals>(&list_proposals),
    engine::route<api::dossier::kDecideProposals>(&decide_proposals),
    engine::route<api::dossier::kAcceptProposal>(&accept_proposal),
    engine::route<api::dossier::kRejectProposal>(&reject_proposal),
    engine::route<api::dossier::kSplitCharacter>(&split_character),
    engine::route<api::dossier::kMergeCharacters>(&merge_characters),
    engine::route<api::dossier::kLockField>(&lock_field),
    engine::route<api::dossier::kUnlockField>(&unlock_field),
    engine::route<api::dossier::kListQuestions>(&list_questions),
    engine::route<api::dossier::kResolveQuestion>(&resolve_question),
    engine::route<api::dossier::kListReadings>(&engine::forward, database::kListDossierReadings),
    engine::route<api::dossier::kStartImport>(&start_import),
    engine::route<api::dossier::kReadImport>(&read_import, database::kReadImport),
    engine::route<api::dossier::kCancelImport>(&engine::forward, database::kCancelImport),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "dossier", kRoutes);
}

}  // namespace fabula::dossier_function

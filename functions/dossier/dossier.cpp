#include "functions/dossier/dossier.hpp"

#include <array>

#include "functions/dossier/import.hpp"
#include "shared/api/endpoints/dossier.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::dossier {
namespace {

constexpr std::array kRoutes{
    engine::route<api::dossier::kListDossiers>(&engine::forward, "list_dossiers"),
    engine::route<api::dossier::kHealth>(&engine::health),
    engine::route<api::dossier::kReadDossier>(&engine::forward, "read_dossier"),
    engine::route<api::dossier::kStartImport>(&start_import, "start_import"),
    engine::route<api::dossier::kReadImport>(&engine::forward, "read_import"),
    engine::route<api::dossier::kCancelImport>(&engine::forward, "cancel_import"),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "dossier", kRoutes);
}

}  // namespace fabula::dossier

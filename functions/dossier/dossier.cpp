#include "functions/dossier/dossier.hpp"

#include <array>

#include "shared/api/endpoints/dossier.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::dossier {
namespace {

constexpr std::array kRoutes{
    engine::route<api::dossier::kListDossiers>(&engine::forward, "list_dossiers"),
    engine::route<api::dossier::kHealth>(&engine::health),
    engine::route<api::dossier::kReadDossier>(&engine::forward, "read_dossier"),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "dossier", kRoutes);
}

}  // namespace fabula::dossier

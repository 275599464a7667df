#include "functions/projects/projects.hpp"

#include <array>

#include "shared/api/endpoints/projects.hpp"
#include "shared/database/project.hpp"
#include "shared/database/readiness.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::projects_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::projects::kListProjects>(&engine::forward, database::kListProjects),
    engine::route<api::projects::kCreateProject>(&engine::forward, database::kCreateProject),
    engine::route<api::projects::kHealth>(&engine::health),
    engine::route<api::projects::kReady>(&engine::ready, database::kReady),
    engine::route<api::projects::kReadProject>(&engine::forward, database::kReadProject),
    engine::route<api::projects::kUpdateProject>(&engine::forward, database::kUpdateProject),
    engine::route<api::projects::kDeleteProject>(&engine::forward, database::kDeleteProject),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "projects", kRoutes);
}

}  // namespace fabula::projects_function

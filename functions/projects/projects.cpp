#include "functions/projects/projects.hpp"

#include <array>

#include "shared/api/endpoints/projects.hpp"
#include "wasm/engine/forward.hpp"
#include "wasm/engine/serve.hpp"

namespace fabula::projects_function {
namespace {

constexpr std::array kRoutes{
    engine::route<api::projects::kListProjects>(&engine::forward, "list_projects"),
    engine::route<api::projects::kCreateProject>(&engine::forward, "create_project"),
    engine::route<api::projects::kHealth>(&engine::health),
    engine::route<api::projects::kReadProject>(&engine::forward, "read_project"),
    engine::route<api::projects::kUpdateProject>(&engine::forward, "update_project"),
    engine::route<api::projects::kDeleteProject>(&engine::forward, "delete_project"),
};

}  // namespace

runtime::Task<void> handle(runtime::Context& context) {
  return engine::serve(context, "projects", kRoutes);
}

}  // namespace fabula::projects_function

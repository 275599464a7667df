// The database's functions for projects.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"

namespace fabula::database {

struct CreateProject {
  const auth::Principal& principal;
  std::string_view name;
};

struct CreatedProject {
  std::string project_id;
};

void write_create_project(std::string& out, const CreateProject& request);
std::optional<CreatedProject> read_created_project(std::string answer);

inline constexpr Function<CreateProject, CreatedProject> kCreateProject{
    {"create_project", kNever}, &write_create_project, &read_created_project};

inline constexpr Declaration kListProjects{"list_projects", kOnceMore};
inline constexpr Declaration kReadProject{"read_project", kOnceMore};
inline constexpr Declaration kUpdateProject{"update_project", kNever};
inline constexpr Declaration kDeleteProject{"delete_project", kNever};

}  // namespace fabula::database

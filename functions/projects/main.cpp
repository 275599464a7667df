#include "functions/projects/projects.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::projects_function::handle)

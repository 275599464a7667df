#include "functions/tasks/tasks.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::tasks_function::handle)

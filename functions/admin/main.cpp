#include "functions/admin/admin.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::admin_function::handle)

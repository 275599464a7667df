#include "functions/redoc/redoc.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::redoc_function::handle)

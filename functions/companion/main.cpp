#include "functions/companion/companion.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::companion_function::handle)

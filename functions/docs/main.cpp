#include "functions/docs/docs.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::docs_function::handle)

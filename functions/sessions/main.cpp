#include "functions/sessions/sessions.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::sessions_function::handle)

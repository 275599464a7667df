#include "functions/realtime/realtime.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::realtime_function::handle)

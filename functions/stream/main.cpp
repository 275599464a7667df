#include "functions/stream/stream.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::stream_function::handle)

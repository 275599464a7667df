#include "functions/story/story.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::story_function::handle)

#include "functions/chat/chat.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::chat_function::handle)

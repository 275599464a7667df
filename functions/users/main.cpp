#include "functions/users/users.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::users_function::handle)

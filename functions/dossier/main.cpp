#include "functions/dossier/dossier.hpp"
#include "wasm/runtime/entry.hpp"

FABULA_FUNCTION(fabula::dossier_function::handle)

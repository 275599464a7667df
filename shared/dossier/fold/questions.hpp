// The questions that the person should decide.
#pragma once

#include <string>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// The snapshot's member open_questions alone.
std::string questions_json(Dossier& dossier);

}  // namespace fabula::dossier

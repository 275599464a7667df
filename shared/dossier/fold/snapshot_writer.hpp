// Parts of a snapshot's text.
#pragma once

#include <string>

#include "shared/dossier/fold/state.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {

void append_entity(std::string& out, const Log& log, const Entity& entity);
void append_question(std::string& out, const Log& log, const Question& question);

}  // namespace fabula::dossier

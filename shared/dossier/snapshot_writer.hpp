// Parts of a snapshot's text.
#pragma once

#include <string>

#include "shared/dossier/log.hpp"
#include "shared/dossier/state.hpp"

namespace fabula::dossier {

void append_entity(std::string& out, const Log& log, const Entity& entity);
void append_question(std::string& out, const Log& log, const Question& question);

}  // namespace fabula::dossier

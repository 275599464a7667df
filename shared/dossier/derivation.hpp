// Joins who is known by a part of a name with the only one whose part it can be.
#pragma once

#include "shared/dossier/people.hpp"

namespace fabula::dossier::identity {

void derive(const Mentions& mentions, People& people);

}  // namespace fabula::dossier::identity

// Joins people, from the strongest evidence to the weakest.
#pragma once

#include "shared/dossier/identity/people.hpp"

namespace fabula::dossier::identity {

void link(const Mentions& mentions, People& people);

}  // namespace fabula::dossier::identity

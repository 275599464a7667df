// What of the records is evidence of who they are: which aliases are somebody else's, which names
// are several people's, which two records are halves of one entry.
#pragma once

#include "shared/dossier/identity/mentions.hpp"

namespace fabula::dossier::identity {

// Fills the records' `forms` and `other_half` and the forms' `is_ambiguous`.
void weigh(Mentions& mentions);

}  // namespace fabula::dossier::identity

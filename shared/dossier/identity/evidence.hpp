// Weighs the records' evidence of who they are: which aliases belong to somebody else, which names
// belong to several people, which two records are halves of one entry.
#pragma once

#include "shared/dossier/identity/mentions.hpp"

namespace fabula::dossier::identity {

// Fills the records' `forms` and `other_half` and the forms' `is_ambiguous`.
void weigh(Mentions& mentions);

}  // namespace fabula::dossier::identity

// Which of a person's names is shown.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace fabula::dossier {

// The distinct ones of all names that a person is called by, the one to show first: the
// name that most of them use or use a part of. A name that is a part of another one is never it,
// and what is none ("the keeper") only when there is no name. The others: whole names before parts,
// then the one used most, then the one used first. Names that differ in case or typography alone
// are one, spelt as it came most often. Views into `surfaces`.
std::vector<std::string_view> shown_names(std::span<const std::string_view> surfaces);

}  // namespace fabula::dossier

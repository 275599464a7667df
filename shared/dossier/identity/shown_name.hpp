// Chooses which of a person's names is shown.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace fabula::dossier {

// The distinct names among all that a person has, beginning with the one to show: the name that
// most of them are or are a part of. It is never a part of another name, and it is a description
// ("the keeper") only when there is no real name. The others: whole names before parts, then the
// most frequent, then the earliest. Names that differ only in case or typography are one, in the
// most frequent spelling. Views into `surfaces`.
std::vector<std::string_view> shown_names(std::span<const std::string_view> surfaces);

}  // namespace fabula::dossier

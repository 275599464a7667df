// Which of a person's names is shown.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace fabula::dossier {

// The distinct ones of all names that a person is called by, the one to show first: a whole name
// before a part, then the one used most, then the one used first. Names that differ in case or
// typography alone are one, spelt as it came most often. Views into `surfaces`.
std::vector<std::string_view> shown_names(std::span<const std::string_view> surfaces);

}  // namespace fabula::dossier

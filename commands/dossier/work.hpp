// One work: its deliveries, merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/dossier/delivery.hpp"

namespace fabula::dossier_command {

// The output's line for the work, with its line end. The order of `deliveries` and repetitions have
// no effect.
std::string merge_work(std::string_view work, std::vector<Delivery> deliveries);

}  // namespace fabula::dossier_command

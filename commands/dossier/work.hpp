// One work: its deliveries, merged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commands/dossier/delivery.hpp"

namespace fabula::dossier_command {

// The output's line for the work, with its end. The order of `deliveries` does not matter, nor
// does it when one comes twice.
std::string merge_work(std::string_view work, std::vector<Delivery> deliveries);

}  // namespace fabula::dossier_command

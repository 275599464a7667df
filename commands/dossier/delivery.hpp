// One line of the input: the extraction from one segment of a work.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/result/result.hpp"

namespace fabula::dossier_command {

struct Entry {
  std::string id;
  std::string name;
  std::vector<std::string> aliases;
};

struct Delivery {
  std::string work;
  std::uint64_t segment = 0;
  std::vector<Entry> entries;
};

// A Problem describes what the line must contain.
Result<Delivery> read_delivery(std::string_view line);

}  // namespace fabula::dossier_command

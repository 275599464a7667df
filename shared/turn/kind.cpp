#include "shared/turn/kind.hpp"

namespace fabula::turn {

const Purpose& purpose_named(const Kind& kind, std::string_view name) {
  for (const auto& purpose : kind.purposes) {
    if (purpose.name == name) return purpose;
  }
  return kind.purposes.front();
}

}  // namespace fabula::turn

#include "shared/dossier/fold/state.hpp"

#include <array>

namespace fabula::dossier {

std::string_view name(Status status) {
  constexpr std::array<std::string_view, 8> kNames{
      "idle", "shown", "superseded", "conflicting", "undone", "off_path", "proposed", "rejected"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string_view name(QuestionKind kind) {
  constexpr std::array<std::string_view, 4> kNames{"contradiction", "challenge", "ambiguous_name",
                                                   "asked"};
  return kNames[static_cast<std::size_t>(kind)];
}

const ShownField* Entity::find(std::uint32_t field) const {
  for (const auto& each : fields) {
    if (each.field == field) return &each;
  }
  return nullptr;
}

}  // namespace fabula::dossier

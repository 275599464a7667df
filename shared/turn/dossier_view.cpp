#include "shared/turn/dossier_view.hpp"

namespace fabula::turn {

std::optional<DossierView> dossier_view_of(const json::Document& answer) {
  const auto* dossier = json::find(answer, "dossier");
  if (!dossier || !dossier->is_object()) return std::nullopt;
  return DossierView{json::integer_at(*dossier, "version").value_or(0),
                     json::boolean_at(*dossier, "pending").value_or(false),
                     json::boolean_at(*dossier, "updated").value_or(false)};
}

}  // namespace fabula::turn

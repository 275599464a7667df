#include "shared/dossier/room.hpp"

namespace fabula::dossier {

Result<void> require_room(const Dossier& dossier) {
  if (dossier.entries().size() < kMaximumStoredEntries) return {};
  return problem(ErrorCode::body_too_large,
                 "This dossier's log has 12000 entries, which is as many as it can hold: clear the "
                 "dossier, and put back what is to stay.");
}

}  // namespace fabula::dossier

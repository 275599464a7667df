#include "shared/dossier/fold/room.hpp"

namespace fabula::dossier {

Result<void> require_room(const Dossier& dossier, std::size_t maximum_entries) {
  if (dossier.entries().size() < maximum_entries) return {};
  return problem(ErrorCode::body_too_large,
                 "This dossier's log is as long as it may be: clear the dossier, and put back what "
                 "is to stay.");
}

}  // namespace fabula::dossier

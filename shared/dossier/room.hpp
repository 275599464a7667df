// How many entries a dossier may have.
#pragma once

#include <cstddef>

#include "shared/dossier/dossier.hpp"
#include "shared/result/result.hpp"

namespace fabula::dossier {

// What of a log that is read, merged and written fits into an instance's memory, of 32 MB: an entry
// takes 2.0 to 2.6 KB of it (./scripts/bench merge), so 15,000 just do.
inline constexpr std::size_t kMaximumStoredEntries = 12'000;

// body_too_large when nothing more is to be added.
Result<void> require_room(const Dossier& dossier);

}  // namespace fabula::dossier

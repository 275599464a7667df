// How many entries a dossier may have.
#pragma once

#include <cstddef>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/result/result.hpp"

namespace fabula::dossier {

// What of a log that is read, merged and written fits into an instance's memory, of 32 MB: an entry
// takes 2.0 to 2.6 KB of it (./scripts/bench merge), so 15,000 just do.
inline constexpr std::size_t kMaximumStoredEntries = 13'000;
// Of what models find there may be fewer: people can still correct and take back what is there.
inline constexpr std::size_t kMaximumFoundEntries = 12'000;

// body_too_large when the log has that many already.
Result<void> require_room(const Dossier& dossier,
                          std::size_t maximum_entries = kMaximumStoredEntries);

}  // namespace fabula::dossier

// The limits of a dossier's log.
#pragma once

#include <cstddef>
#include <span>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/log/entry.hpp"
#include "shared/result/result.hpp"

namespace fabula::dossier {

// The log is read, merged and written within an instance's memory of 32 MB. An entry takes 2.0 to
// 2.6 KB (./scripts/bench merge), so 15,000 entries just fit.
inline constexpr std::size_t kMaximumStoredEntries = 13'000;
// Models may add fewer: people can still correct and retract facts after that.
inline constexpr std::size_t kMaximumFoundEntries = 12'000;
// The most that can be read: more than any writer leaves, however many write at the same time.
inline constexpr std::size_t kMaximumReadEntries = 15'000;

// A long text is in memory several times: as received, in its entry, in the state, and in the
// answer. Beyond the usual length, each further multiple of this many bytes counts as one more
// entry.
inline constexpr std::size_t kUsualTextBytes = 256;
inline constexpr std::size_t kTextBytesOfEntry = 256;

// How many entries of the usual length take as much room as `entries`.
std::size_t room_taken(std::span<const Entry> entries);

// body_too_large when the log has no room, or not enough for the rows.
Result<void> require_room(const Dossier& dossier, std::span<const EntryRow> rows = {},
                          std::size_t maximum_entries = kMaximumStoredEntries);

}  // namespace fabula::dossier

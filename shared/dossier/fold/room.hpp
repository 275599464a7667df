// How much a dossier's log may hold.
#pragma once

#include <cstddef>
#include <span>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/dossier/log/entry.hpp"
#include "shared/result/result.hpp"

namespace fabula::dossier {

// What of a log that is read, merged and written fits into an instance's memory, of 32 MB: an entry
// takes 2.0 to 2.6 KB of it (./scripts/bench merge), so 15,000 just do.
inline constexpr std::size_t kMaximumStoredEntries = 13'000;
// Of what models find there may be fewer: people can still correct and take back what is there.
inline constexpr std::size_t kMaximumFoundEntries = 12'000;
// What can be read at all: more than any writer leaves, whoever else writes at the same time.
inline constexpr std::size_t kMaximumReadEntries = 15'000;

// A long text is in memory several times: as it came, in its entry, in what is shown, and in what
// is sent. Beyond the usual length, so many bytes of an entry's texts count as one more entry.
inline constexpr std::size_t kUsualTextBytes = 256;
inline constexpr std::size_t kTextBytesOfEntry = 256;

// How many entries of the usual length take as much room as these.
std::size_t room_taken(std::span<const Entry> entries);

// body_too_large when the log has no room left, or not enough for the rows.
Result<void> require_room(const Dossier& dossier, std::span<const EntryRow> rows = {},
                          std::size_t maximum_entries = kMaximumStoredEntries);

}  // namespace fabula::dossier

// A dossier takes as many entries as fit into an instance's memory.
#include "shared/dossier/fold/room.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace fabula;

TEST_CASE("a dossier that is full says so") {
  std::vector<dossier::Entry> entries(dossier::kMaximumStoredEntries - 1);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].id = {i + 2, 0, 0, 0};
  dossier::Dossier dossier;
  dossier.add(std::move(entries));
  CHECK(dossier::require_room(dossier).has_value());
  CHECK_FALSE(dossier::require_room(dossier, dossier::kMaximumFoundEntries).has_value());
  dossier::Entry last;
  last.id = {1'000'000, 0, 0, 0};
  dossier.add({last});
  const auto refused = dossier::require_room(dossier);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::body_too_large);
}

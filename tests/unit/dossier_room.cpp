// A dossier takes as many entries as fit into an instance's memory.
#include "shared/dossier/fold/room.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace fabula;

TEST_CASE("a dossier that is full says so") {
  std::vector<dossier::Entry> entries(dossier::kMaximumStoredEntries - 1);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].id = {i + 2, 0, 0, 0};
  dossier::Dossier dossier;
  dossier.add(std::move(entries));
  CHECK(dossier::require_room(dossier).has_value());
  CHECK_FALSE(dossier::require_room(dossier, {}, dossier::kMaximumFoundEntries).has_value());
  dossier::Entry last;
  last.id = {1'000'000, 0, 0, 0};
  dossier.add({last});
  const auto refused = dossier::require_room(dossier);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().code == ErrorCode::body_too_large);
}

namespace {

std::vector<dossier::Entry> entries_with_texts(std::size_t count, std::size_t text_bytes) {
  std::vector<dossier::Entry> entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    entries[i].id = {i + 2, 0, 0, 0};
    entries[i].text = std::string(text_bytes, 'a');
  }
  return entries;
}

dossier::EntryRow row_of(std::size_t body_bytes) {
  return {.id = {},
          .kind = dossier::EntryKind::user,
          .message_id = {},
          .body = std::string(body_bytes, ' ')};
}

}  // namespace

TEST_CASE("long texts fill a dossier before it has many entries") {
  dossier::Dossier dossier;
  // 7.5 MB, of which an instance cannot make a dossier.
  dossier.add(entries_with_texts(480, 16 * 1024));
  CHECK_FALSE(dossier::require_room(dossier).has_value());
  dossier::Dossier smaller;
  smaller.add(entries_with_texts(200, 16 * 1024));
  CHECK(dossier::require_room(smaller).has_value());
  // Texts of the usual length count as entries.
  CHECK(dossier::room_taken(entries_with_texts(1000, dossier::kUsualTextBytes)) == 1000);
  CHECK(dossier::room_taken(
            entries_with_texts(10, dossier::kUsualTextBytes + dossier::kTextBytesOfEntry)) == 20);
}

TEST_CASE("what is to be added must have room, too") {
  dossier::Dossier dossier;
  dossier.add(entries_with_texts(dossier::kMaximumStoredEntries - 2, 10));
  const std::vector<dossier::EntryRow> two(2, row_of(200));
  const std::vector<dossier::EntryRow> three(3, row_of(200));
  const std::vector<dossier::EntryRow> long_one(1, row_of(40'000));
  CHECK(dossier::require_room(dossier, two).has_value());
  CHECK_FALSE(dossier::require_room(dossier, three).has_value());
  const auto refused = dossier::require_room(dossier, long_one);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::body_too_large);
  CHECK(refused.error().detail.find("clear the dossier") != std::string::npos);
}

TEST_CASE("lists of values and of messages are counted") {
  dossier::Entry added;
  added.fields.push_back({"traits", std::vector<std::string>(64, std::string(100, 'b')), true});
  dossier::Entry moved;
  moved.left.assign(2000, std::string(36, 'c'));
  CHECK(dossier::room_taken({&added, 1}) > 15);
  CHECK(dossier::room_taken({&moved, 1}) > 200);
}

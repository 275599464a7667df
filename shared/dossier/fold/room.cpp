#include "shared/dossier/fold/room.hpp"

namespace fabula::dossier {
namespace {

// The rest of a row: its members' names and its source.
constexpr std::size_t kFrameBytes = 256;

std::size_t room_of(std::size_t text_bytes) {
  return text_bytes <= kUsualTextBytes ? 1 : 1 + (text_bytes - kUsualTextBytes) / kTextBytesOfEntry;
}

std::size_t text_bytes(const Entry& entry) {
  std::size_t bytes = entry.text.size() + entry.other.size() + entry.to_name.size() +
                      entry.relation.size() + entry.quote.size();
  for (const auto& alias : entry.aliases) bytes += alias.size();
  for (const auto& field : entry.fields) {
    for (const auto& value : field.values) bytes += value.size();
  }
  for (const auto& id : entry.left) bytes += id.size();
  for (const auto& id : entry.back) bytes += id.size();
  bytes +=
      sizeof(Reference) * (entry.mentions.size() + entry.replaces.size() + entry.entries.size());
  if (entry.corrects) bytes += entry.corrects->quote.size() + entry.corrects->value.size();
  return bytes;
}

}  // namespace

std::size_t room_taken(std::span<const Entry> entries) {
  std::size_t taken = 0;
  for (const auto& entry : entries) taken += room_of(text_bytes(entry));
  return taken;
}

Result<void> require_room(const Dossier& dossier, std::span<const EntryRow> rows,
                          std::size_t maximum_entries) {
  std::size_t taken = room_taken(dossier.entries());
  const bool is_full = taken >= maximum_entries;
  for (const auto& row : rows) {
    taken += room_of(row.body.size() > kFrameBytes ? row.body.size() - kFrameBytes : 0);
  }
  if (!is_full && taken <= maximum_entries) return {};
  return problem(ErrorCode::body_too_large,
                 "This dossier's log has no room for that: send less, or clear the dossier "
                 "(DELETE) and put back (PUT) what is to stay.");
}

}  // namespace fabula::dossier

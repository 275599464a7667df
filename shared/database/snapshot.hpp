// The database's functions for copies of conversations in Storage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"

namespace fabula::database {

struct TakeDeletedSnapshots {
  std::int64_t limit = 0;
};

struct DeletedSnapshots {
  std::vector<std::string> ids;            // ids of conversations
  std::vector<std::string> illustrations;  // paths of pictures of scenes
};

void write_take_deleted_snapshots(std::string& out, const TakeDeletedSnapshots& request);
void write_deleted_snapshots(std::string& out, const DeletedSnapshots& snapshots);
std::optional<DeletedSnapshots> read_deleted_snapshots(std::string answer);

inline constexpr Function<TakeDeletedSnapshots, DeletedSnapshots> kTakeDeletedSnapshots{
    {"take_deleted_snapshots", kNever}, &write_take_deleted_snapshots, &read_deleted_snapshots};
inline constexpr Function<DeletedSnapshots, NoAnswer> kForgetDeletedSnapshots{
    {"forget_deleted_snapshots", kOnceMore}, &write_deleted_snapshots, &read_nothing};

struct RestoreConversation {
  const auth::Principal& principal;
  std::string_view conversation_id;
  std::string_view snapshot_json;  // valid JSON; empty: no snapshot
};

void write_restore_conversation(std::string& out, const RestoreConversation& request);

inline constexpr Function<RestoreConversation, std::string> kRestoreConversation{
    {"restore_conversation", kOnceMore}, &write_restore_conversation, &keep_envelope};

}  // namespace fabula::database

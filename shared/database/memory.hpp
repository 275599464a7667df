// The database's functions for companions' memories.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/auth/principal.hpp"
#include "shared/database/function.hpp"
#include "shared/memory/memory.hpp"

namespace fabula::database {

// Endpoints pass the answers of these functions on.
inline constexpr Declaration kListMemories{"list_memories", kOnceMore};
inline constexpr Declaration kExportMemories{"export_memories", kOnceMore};

// The memory that a principal's conversations with a character share.
struct ReadMemoryLog {
  const auth::Principal& principal;
  std::string_view character_id;
};

void write_read_memory_log(std::string& out, const ReadMemoryLog& request);
std::optional<memory::Log> read_memory_log_entries(std::string answer);

inline constexpr Function<ReadMemoryLog, memory::Log> kReadMemoryLog{
    {"read_memory_log", kOnceMore}, &write_read_memory_log, &read_memory_log_entries};

struct CommitMemories {
  const auth::Principal& principal;
  const memory::Log& log;  // as it was read, without `rows`
  std::span<const dossier::EntryRow> rows;
  const memory::Folded& folded;  // with the rows
};

void write_commit_memories(std::string& out, const CommitMemories& request);
// Whether the commit was stored: false if the log has changed since it was read.
std::optional<bool> read_committed_memories(std::string answer);

// Retries are safe: a commit whose answer was lost is refused, because the log has changed.
inline constexpr Function<CommitMemories, bool> kCommitMemories{
    {"commit_memories", kNever}, &write_commit_memories, &read_committed_memories};

struct ReadMemory {
  const auth::Principal& principal;
  std::string_view character_id;
  std::string_view memory_id;
  int status = 200;  // the answer's HTTP status
};

void write_read_memory(std::string& out, const ReadMemory& request);

inline constexpr Function<ReadMemory, std::string> kReadMemory{
    {"read_memory", kOnceMore}, &write_read_memory, &keep_envelope};

}  // namespace fabula::database

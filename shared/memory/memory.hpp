// A companion's memory: computed from the set of entries of its log, in any order, by the core that
// also folds dossiers (shared/dossier/fold).
//
// Besides the dossier's acts for items a log has these, from a person or from "forget that" in a
// chat:
//   forget   {"entries": [assertion ids], "salt", "words", "names"}: the entries are erased, and
//            so is any wording of the hashed words that an extractor finds, then or later: only
//            the user can bring it back.
//   add      with "as": the id of the memory that it replaces or pins; with "pins": it counts
//            only while the memory is pinned.
//   lock, unlock  pins and unpins the target memory.
// A correction of a memory also replaces other wordings that were said before.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/document.hpp"
#include "shared/json/text.hpp"
#include "shared/result/result.hpp"

namespace fabula::memory {

inline constexpr std::size_t kMaximumTextBytes = 1000;  // for one memory

// An entry from the database (private.describe_memory_log).
struct LoggedEntry {
  dossier::EntryRow row;
  bool is_off_path = false;  // its message is not on its conversation's path
};

struct Log {
  std::string memory_log_id;
  std::int64_t version = 0;
  std::vector<LoggedEntry> entries;
};

// internal_error when the document does not have the form that the database promises.
Result<Log> read_log(const json::Document& document);

struct Memory {
  std::string id;  // 16 hexadecimal digits
  std::string type;
  std::string text;
  std::string date;  // YYYY-MM-DD, or "": the first day that the text names
  bool is_pinned = false;
  bool is_by_user = false;  // written down or corrected by the user
  std::string quote;        // the user's words in which it was first found
  std::string message_id;   // the message that contains the quote
  // All messages in which it was found; none if it does not depend on them.
  std::vector<std::string> message_ids;
  std::int64_t said_at = 0;          // when it was last said, ms since the epoch
  std::vector<std::string> entries;  // assertion ids
  // The memories that it has replaced: their texts, and the assertion ids of their wordings.
  std::vector<std::string> replaced;
  std::vector<std::string> replaced_entries;
  bool is_added = false;  // by an `add` that does not only pin it
};

struct Folded {
  std::vector<Memory> memories;       // in the order in which they were first said
  std::vector<std::string> erased;    // assertion ids to delete, because they are forgotten
  std::vector<std::string> outdated;  // of memories that have been corrected since
};

// The time of the user's last act on the memory, 0 for never: the next act must be later, whatever
// the clocks say.
std::int64_t last_act_at(std::span<const LoggedEntry> entries);

// Entries that cannot be read are ignored.
Folded fold(std::span<const LoggedEntry> entries);

// Writes members into an open object in the form that the database takes (private.store_memories):
// base, assertions, erased, outdated, memories.
void write_commit(json::Writer& writer, std::int64_t base, std::span<const dossier::EntryRow> rows,
                  const Folded& folded);

}  // namespace fabula::memory

// A user's changes of a companion's memory, as entries to add to its log.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/memory/memory.hpp"
#include "shared/result/result.hpp"

namespace fabula::memory {

struct EditContext {
  std::string_view memory_log_id;
  std::string_view operation;  // a new UUID for each request
  std::int64_t at = 0;         // ms since the epoch
};

using Rows = Result<std::vector<dossier::EntryRow>>;

// A memory that the user writes down; if the same words are remembered already, that memory is now
// the user's. The first row is the memory's.
Rows add(const Folded& folded, std::string_view type, std::string_view text, bool is_pinned,
         const EditContext& context);

// The change of a memory; absent members stay as they are.
struct Change {
  std::optional<std::string_view> type = {};
  std::optional<std::string_view> text = {};
  std::optional<bool> is_pinned = {};
};

// It keeps its id. Its old words are forgotten. not_found if there is no such memory.
Rows change(const Folded& folded, std::string_view id, const Change& change,
            const EditContext& context);

// It is forgotten for good. not_found if there is no such memory.
Rows forget(const Folded& folded, std::string_view id, const EditContext& context);

// The entries that make the memory forgotten, with what it has taken the place of; without do, at
// and operation. Their words are kept as hashes.
std::vector<json::Document::object_t> forgetting(const Memory& memory, std::string_view salt);
// The same of a text.
json::Document::object_t forgetting(std::string_view text,
                                    const std::vector<std::string>& assertion_ids,
                                    std::string_view salt);

}  // namespace fabula::memory

// A user's changes to a companion's memory, as entries to add to its log.
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

// Adds a memory that the user writes; if the same words are remembered already, that memory becomes
// the user's. The first row is the memory's.
Rows add(const Folded& folded, std::string_view type, std::string_view text, bool is_pinned,
         const EditContext& context);

// Changes to a memory; absent members stay as they are.
struct Change {
  std::optional<std::string_view> type = {};
  std::optional<std::string_view> text = {};
  std::optional<bool> is_pinned = {};
};

// The memory keeps its id; its old words are forgotten. not_found if it does not exist.
Rows change(const Folded& folded, std::string_view id, const Change& change,
            const EditContext& context);

// Forgets a memory permanently. not_found if it does not exist.
Rows forget(const Folded& folded, std::string_view id, const EditContext& context);

// The entries that make the memory forgotten, with the ones it has replaced; without do, at and
// operation. Their words are kept as hashes.
std::vector<json::Document::object_t> forgetting(const Memory& memory, std::string_view salt);
// Forgets a text in the same way.
json::Document::object_t forgetting(std::string_view text,
                                    const std::vector<std::string>& assertion_ids,
                                    std::string_view salt);

}  // namespace fabula::memory

// The prompt about the user's messages for a model, and the entries of its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/document.hpp"
#include "shared/memory/memory.hpp"
#include "shared/result/result.hpp"

namespace fabula::memory {

// An answer: {"memories": [{"type", "text", "quote", "when", "replaces"}], "forget": [{"memory",
// "quote"}]}. `quote` is in the user's own words; `when` is the words that name a day, or "";
// `replaces` and `memory` are labels of known memories, such as m3, or their texts; `replaces` is
// "" for something new.
extern const std::string_view kExtractionSchema;

struct Message {
  std::string_view id;
  std::string_view role;
  std::string_view text;
  std::int64_t at = 0;  // when it was created, ms since the epoch
  // Where `text` begins in the message: a long one is read in parts.
  std::size_t from_byte = 0;
};

std::string_view extraction_instructions();
std::string_view extraction_prompt_label();

// `unread` are the user's messages; `before` is the conversation around them, as context.
std::string extraction_question(const Folded& known, std::span<const Message> before,
                                std::span<const Message> unread);

struct Extraction {
  std::vector<dossier::EntryRow> rows;
  std::size_t items = 0;  // in the answer
  std::size_t kept = 0;   // with words, and with a quote from an unread message
};

// The same answer to the same question gives the same entries. `model` is "provider:model". Fails
// (provider_malformed) when the answer is no object.
Result<Extraction> entries_from_answer(const json::Document& answer, std::string_view memory_log_id,
                                       const Folded& known, std::span<const Message> unread,
                                       std::string_view model);

}  // namespace fabula::memory

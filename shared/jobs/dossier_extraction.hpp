// Reads a part of a conversation for its project's dossier: the extractor's question, and the
// entries of its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/dossier.hpp"
#include "shared/json/document.hpp"
#include "shared/result/result.hpp"

namespace fabula::jobs {

// The work of a step, from the database (private.extraction_work); views of its document.
struct ExtractionWork {
  struct Part {
    std::string_view message_id;
    std::string_view role;
    std::string_view text;  // the message's bytes from from_byte on
    std::size_t from_byte = 0;
    std::int64_t created_at_ms = 0;
  };
  std::string_view project_id;
  std::vector<Part> messages;  // new ones; none: the log is only folded
  std::vector<Part> before;    // earlier messages, oldest first
};

// internal_error when the work does not have the form that claim_step promises.
Result<ExtractionWork> read_extraction_work(const json::Document& work);

// The user's message for the extractor.
std::string extraction_question(const ExtractionWork& work, dossier::Dossier& dossier);

struct ExtractedEntries {
  std::vector<dossier::EntryRow> rows;
  std::size_t items_found = 0;  // in the answer
  std::size_t items_kept = 0;   // items with content, and with a quote from the messages
  std::size_t items_without_quote = 0;
};

// The entries of an extractor's answer, each with the message that it quotes. The only earlier
// message that may be quoted is the reply which the new part answers, for facts that a person has
// agreed to. The same answer always gives the same entries. `model` is "provider:model".
Result<ExtractedEntries> extracted_entries(const json::Document& answer, const ExtractionWork& work,
                                           std::string_view model);

}  // namespace fabula::jobs

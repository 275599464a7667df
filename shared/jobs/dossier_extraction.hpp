// A part of a conversation that is read for its project's dossier: what an extractor is asked, and
// what its answer comes to.
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

// What the database tells of a job (private.extraction_work); views of its document.
struct ExtractionWork {
  struct Part {
    std::string_view message_id;
    std::string_view role;
    std::string_view text;  // the message's bytes from from_byte on
    std::size_t from_byte = 0;
    std::int64_t created_at_ms = 0;
  };
  std::string_view project_id;
  std::vector<Part> messages;  // what is new; none: the log is only to be folded
  std::vector<Part> before;    // what was said before that, oldest first
};

// internal_error when it is not what claim_step promises.
Result<ExtractionWork> read_extraction_work(const json::Document& work);

// The user's message for the extractor.
std::string extraction_question(const ExtractionWork& work, dossier::Dossier& dossier);

struct ExtractedEntries {
  std::vector<dossier::EntryRow> rows;
  std::size_t items_found = 0;  // in the answer
  std::size_t items_kept = 0;   // whose quote is in what was read, and that say something
};

// The entries of an extractor's answer, each with the message that it is quoted from. Of what was
// said before, only the reply that the new part answers is quoted, for what a person has agreed to.
// The same answer gives the same entries. `model` is "provider:model".
Result<ExtractedEntries> extracted_entries(const json::Document& answer, const ExtractionWork& work,
                                           std::string_view model);

}  // namespace fabula::jobs

// One step of a text that is imported into a dossier: what an extractor is asked of it, and what of
// its answer is proposed.
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

// What the database tells of a step (claim_step); views of its document.
struct ImportWork {
  std::string_view job_id;
  std::string_view project_id;
  std::string_view chapter_title;  // "": it has none
  std::string_view text;
  std::string_view before;  // how the step before it ends
  std::int64_t step = 0;    // from 1 on
  std::int64_t begun_at_ms = 0;
};

// internal_error when it is not what claim_step promises.
Result<ImportWork> read_import_work(const json::Document& work);

// The user's message for the extractor.
std::string import_question(const ImportWork& work, dossier::Dossier& dossier);

struct ProposedEntries {
  std::vector<dossier::EntryRow> rows;
  std::vector<std::string> proposals;  // each once, in the order of the rows
  std::size_t items_found = 0;         // in the answer
  std::size_t items_kept = 0;          // whose quote is in the text, and that say something
};

// The entries of an extractor's answer. Their delivery is "<job_id>:<step>", their quotes are of
// the step's text, and they are in the order of the text among those of other steps. What a person
// takes or leaves is one proposal: a character, place or object with all that the import says of
// it, whichever step it is found in; each theme, plot point, open question, and each word on the
// story itself. The same answer gives the same entries. `model` is "provider:model".
Result<ProposedEntries> proposed_entries(const json::Document& answer, const ImportWork& work,
                                         std::string_view model);

}  // namespace fabula::jobs

// One step of importing a text into a dossier: the extractor's question, and the entries that are
// proposed from its answer.
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

// The work of a step, from the database (claim_step); views of its document.
struct ImportWork {
  std::string_view job_id;
  std::string_view project_id;
  std::int64_t chapter = 0;        // from 1; 0: unknown
  std::string_view chapter_title;  // "": none
  std::string_view text;
  std::string_view before;  // the end of the previous step's text
  std::int64_t step = 0;    // from 1
  std::int64_t begun_at_ms = 0;
};

// internal_error when the work does not have the form that claim_step promises.
Result<ImportWork> read_import_work(const json::Document& work);

// The user's message for the extractor.
std::string import_question(const ImportWork& work, dossier::Dossier& dossier);

struct ProposedEntries {
  std::vector<dossier::EntryRow> rows;
  std::vector<std::string> proposals;  // each once, in the order of the rows
  std::size_t items_found = 0;         // in the answer
  std::size_t items_kept = 0;          // items with content, and with a quote from the text
  std::size_t items_without_quote = 0;
};

// The entries of an extractor's answer. Their delivery is "<job_id>:<step>", their quotes are from
// the step's text, and they are ordered as in the text, between those of other steps. A person
// accepts or rejects a proposal as a whole: a character, place or object with everything that the
// import says about it, in any step; each theme, plot point and open question; and each statement
// about the story itself. Each entry has the step's chapter. The same answer always gives the same
// entries. `model` is "provider:model".
Result<ProposedEntries> proposed_entries(const json::Document& answer, const ImportWork& work,
                                         std::string_view model);

}  // namespace fabula::jobs

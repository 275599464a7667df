// Turns an extractor's answer into entries. (extraction_prompt.hpp has the request.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/log/entry.hpp"
#include "shared/json/document.hpp"

namespace fabula::dossier {

// The JSON Schema of an answer, in the part that every provider takes (ModelRequest). An answer:
// {"characters": [{"name", "aliases": [..], "quote",
//    "fields": [{"field", "value", "quote", "corrects"}],
//    "relationships": [{"relation", "to", "quote", "corrects"}]}],
//  "locations": [{"name", "aliases", "description", "quote"}], "objects": [the same],
//  "themes": [{"text", "quote"}], "open_questions": [{"text", "quote"}],
//  "plot_points": [{"text", "quote", "corrects", "instead_of"}],
//  "story": [{"field", "value", "quote", "corrects"}],
//  "renames": [{"from", "to", "quote"}],
//  "retractions": [{"type", "name", "field", "value", "quote"}]}
// Two entries of `characters` are two people. Every quote is the text's own words. `corrects` is
// "" or the words with which the text retracts an earlier statement ("no, he is 34"); `instead_of`
// is the plot point that this one replaces. A retraction with a field says that the field's value
// (any, when `value` is "") no longer holds, one without a field that the thing does not exist;
// themes, plot points and open questions are named by their text in `name`.
extern const std::string_view kExtractionSchema;

// At most this many items of one list of an answer are read, and at most this many entries made.
inline constexpr std::size_t kMaximumAnswerItems = 400;
inline constexpr std::size_t kMaximumDeliveryEntries = 1000;
inline constexpr std::size_t kMaximumSourceBytes = 1024 * 1024;

struct ExtractionSource {
  std::string_view project_id;
  std::string_view message_id;  // "": the text is from an import, not from a message
  std::string_view text;        // the whole message's text
  // The part that the extractor was given: quotes must be in it.
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t at = 0;             // when the message was created, ms since the epoch
  std::string_view model;          // the model, "provider:model"
  std::string_view prompt;         // the prompt's version
  std::string_view delivery = {};  // the default "" means "<message_id>:<begin>-<end>"
  std::string_view proposal = {};  // "": the entries count at once
};

struct Extraction {
  std::vector<EntryRow> rows;
  std::size_t items = 0;          // items in the answer: things, facts, relations
  std::size_t without_quote = 0;  // dropped: the quote is not in the text
  std::size_t without_value = 0;  // dropped: empty, "unknown", or no thing has that name
  std::size_t malformed = 0;      // dropped: the wrong type, too long or too many
};

// The same answer to the same source gives the same rows. Errors: provider_malformed when the
// answer is no object, invalid_request when the source's span is not within its text or the text is
// too long.
Result<Extraction> entries_from_answer(const json::Document& answer,
                                       const ExtractionSource& source);

// The position of `quote` in `text`, or nothing. White space, case, the kinds of quotation marks,
// dashes and stops, hyphens, ligatures, Markdown's marks and the quote's last mark may differ. A
// meaningless quote is never found.
struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<Found> find_quote(std::string_view text, std::string_view quote);

}  // namespace fabula::dossier

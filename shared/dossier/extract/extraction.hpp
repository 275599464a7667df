// From an extractor's answer to entries. (What it is asked, and when, is said elsewhere.)
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
// "" or the words by which the text says that it takes back what was said before ("no, he is 34");
// `instead_of` is the plot point that this one takes the place of. A retraction with a field says
// that the field's value (any, when `value` is "") is no longer so, one without that the thing is
// not there; themes, plot points and open questions are named by their text in `name`.
extern const std::string_view kExtractionSchema;

// At most so many items of one list of an answer are looked at, and so many entries made.
inline constexpr std::size_t kMaximumAnswerItems = 400;
inline constexpr std::size_t kMaximumDeliveryEntries = 1000;
inline constexpr std::size_t kMaximumSourceBytes = 1024 * 1024;

struct ExtractionSource {
  std::string_view project_id;
  std::string_view message_id;  // "": of no message, as an import's
  std::string_view text;        // the whole message's
  // The part that was put to the extractor: quotes must be in it.
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t at = 0;             // when the message was created, ms since the epoch
  std::string_view model;          // "provider:model"
  std::string_view prompt;         // its version
  std::string_view delivery = {};  // "": "<message_id>:<begin>-<end>"
  std::string_view proposal = {};  // "": they count at once
};

struct Extraction {
  std::vector<EntryRow> rows;
  std::size_t items = 0;          // what the answer had: things, facts, relations
  std::size_t without_quote = 0;  // dropped: their quote is not in the text
  std::size_t without_value = 0;  // dropped: empty, "unknown", or nothing known by that name
  std::size_t malformed = 0;      // dropped: of another type, too long or too many
};

// The same answer to the same source gives the same rows. Fails (provider_malformed) when the
// answer is no object, (invalid_request) when the source's span is not within its text or the text
// is too long.
Result<Extraction> entries_from_answer(const json::Document& answer,
                                       const ExtractionSource& source);

// Where `quote` stands in `text`, or nothing: white space, case, the kinds of quotation marks,
// dashes and stops, hyphens, ligatures, Markdown's marks and the quote's last mark may differ. A
// quote that says nothing is nowhere.
struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::optional<Found> find_quote(std::string_view text, std::string_view quote);

}  // namespace fabula::dossier

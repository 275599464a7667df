// A person's edits of a dossier, as entries to add to its log. No function here changes the
// dossier: the caller stores the rows and adds them. (It is not const because it may have to be
// folded.)
//
// An empty result means that nothing has to change. A malformed body is invalid_request with the
// fields that are wrong; a thing that does not exist is not_found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/dossier/fold/dossier.hpp"

namespace fabula::dossier {

// The most rows of one request: commit_assertions takes no more at once.
inline constexpr std::size_t kMaximumRowsPerEdit = 1000;

struct EditContext {
  std::string_view project_id;
  std::string_view operation;  // a new UUID for each request
  std::int64_t at = 0;         // ms since the epoch
};

using Rows = Result<std::vector<EntryRow>>;

// PUT: afterwards the dossier shows exactly what `snapshot` contains, plus the questions that are
// still open. Things are matched by id, else by name. themes, locations, plot_points, objects and
// characters may be plain strings.
Rows replace(Dossier& dossier, const json::Document& snapshot, const EditContext& context);
// PATCH: sets or adds the members of `changes` and keeps all others; null empties a field.
Rows merge(Dossier& dossier, const json::Document& changes, const EditContext& context);
// Replaces everything that is shown now with everything that `old` shows.
Rows restore(Dossier& dossier, Dossier& old, const EditContext& context);

// Undoes `change`: the name of a change in the history, or an entry's id; "": the person's last
// change that is not undone.
Rows undo(Dossier& dossier, std::string_view change, const EditContext& context);
// Takes an undo back; "": the last one.
Rows redo(Dossier& dossier, std::string_view change, const EditContext& context);

// `field` "": the whole thing. `id` may be "story".
Rows lock(Dossier& dossier, std::string_view id, std::string_view field,
          const EditContext& context);
Rows unlock(Dossier& dossier, std::string_view id, std::string_view field,
            const EditContext& context);

// Takes two or more ids of one type and states that they are the same, or that they are not.
Rows merge_characters(Dossier& dossier, std::span<const std::string> ids, bool are_the_same,
                      const EditContext& context);
// `parts` are lists of mention ids of one entity; the names of the other mentions decide where they
// go. A single part is split from the rest.
Rows split(Dossier& dossier, std::string_view id, std::span<const std::vector<std::string>> parts,
           const EditContext& context);

struct Resolution {
  std::string_view choose;   // an entry with one of the question's values; "": none of them
  std::string_view dismiss;  // "change", "error", "two_people", "unreliable" or ""
};
Rows resolve(Dossier& dossier, std::string_view question, const Resolution& resolution,
             const EditContext& context);

Rows accept(Dossier& dossier, std::string_view proposal, const EditContext& context);
Rows reject(Dossier& dossier, std::string_view proposal, const EditContext& context);
// Takes all decisions or none: not_found or invalid_request names each id that is unknown or
// repeated, as `accept[2]`. At most kMaximumRowsPerEdit together.
Rows decide(Dossier& dossier, std::span<const std::string> accepted,
            std::span<const std::string> rejected, const EditContext& context);

// Removes a character, place, object, theme, plot point or open question. Later texts that mention
// it do not bring it back, only a person does. `id` is its own, or that of one of its entries (a
// mention, or an equivalent entry); a question is dismissed without a reason.
Rows remove(Dossier& dossier, std::string_view id, const EditContext& context);

}  // namespace fabula::dossier

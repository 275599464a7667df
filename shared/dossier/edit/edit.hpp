// What a person does to a dossier, as entries to add to its log. None of these changes the dossier:
// the caller stores the rows and adds them. (It is not const because it may have to be folded.)
//
// No rows: there is nothing to change. A body that cannot be taken is invalid_request with the
// fields that are wrong, a thing that is not there not_found.
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

// What one request may come to: commit_assertions takes no more at once.
inline constexpr std::size_t kMaximumRowsPerEdit = 1000;

struct EditContext {
  std::string_view project_id;
  std::string_view operation;  // a new UUID for each request
  std::int64_t at = 0;         // ms since the epoch
};

using Rows = Result<std::vector<EntryRow>>;

// PUT: afterwards the dossier shows what `snapshot` has and nothing else, except for questions that
// still stand. Things are known by their id, else by their name. themes, locations, plot_points,
// objects and characters may be plain strings.
Rows replace(Dossier& dossier, const json::Document& snapshot, const EditContext& context);
// PATCH: what `changes` has is set or added, what it does not have stays; null empties a field.
Rows merge(Dossier& dossier, const json::Document& changes, const EditContext& context);
// The replacement of what is shown now by what `old` shows.
Rows restore(Dossier& dossier, Dossier& old, const EditContext& context);

// `change` is a change's name in the history, or an entry's id; "": the person's last one that is
// not undone.
Rows undo(Dossier& dossier, std::string_view change, const EditContext& context);
// Takes an undo back; "": the last one.
Rows redo(Dossier& dossier, std::string_view change, const EditContext& context);

// `field` "": all of it. `id` may be "story".
Rows lock(Dossier& dossier, std::string_view id, std::string_view field,
          const EditContext& context);
Rows unlock(Dossier& dossier, std::string_view id, std::string_view field,
            const EditContext& context);

// Two or more ids of one type: they are the same, or they are not.
Rows merge_characters(Dossier& dossier, std::span<const std::string> ids, bool are_the_same,
                      const EditContext& context);
// `parts` are lists of mention ids of one entity; mentions that are not named go where their names
// take them. A single part is split from the rest.
Rows split(Dossier& dossier, std::string_view id, std::span<const std::vector<std::string>> parts,
           const EditContext& context);

struct Resolution {
  std::string_view choose;   // an entry of the question's values; "": none of them
  std::string_view dismiss;  // "change", "error", "two_people", "unreliable" or ""
};
Rows resolve(Dossier& dossier, std::string_view question, const Resolution& resolution,
             const EditContext& context);

Rows accept(Dossier& dossier, std::string_view proposal, const EditContext& context);
Rows reject(Dossier& dossier, std::string_view proposal, const EditContext& context);
// All of them or none: not_found or invalid_request name each that is unknown or is named twice, as
// `accept[2]`. At most kMaximumRowsPerEdit together.
Rows decide(Dossier& dossier, std::span<const std::string> accepted,
            std::span<const std::string> rejected, const EditContext& context);

// Removes a character, place, object, theme, plot point or open question. Texts that speak of it
// later do not bring it back, only a person does. `id` is its own, or that of an entry by which it
// is known (a mention, or what says the same); a question is dismissed without a reason.
Rows remove(Dossier& dossier, std::string_view id, const EditContext& context);

}  // namespace fabula::dossier

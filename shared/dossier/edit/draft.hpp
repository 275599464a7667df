// A user's edit while it is turned into log entries: each entry is tried on a copy of the dossier
// at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/fold/dossier.hpp"
#include "shared/json/document.hpp"

namespace fabula::dossier {

class Draft {
 public:
  Draft(const Dossier& dossier, const EditContext& context);

  // The dossier with the drafted entries.
  Dossier& preview() { return preview_; }

  // `members` without do, at and operation. A fault ends the request: see rows().
  void add(Act act, json::Document::object_t members);
  // Adds rows that another request of the same operation would make.
  void take(std::vector<EntryRow> rows);
  const EditContext& context() const { return context_; }
  // Entries added after this call are later than those before it.
  void next_pass() { ++at_; }
  bool has_failed() const { return problem_.has_value(); }
  std::size_t row_count() const { return rows_.size(); }

  Rows rows() &&;

 private:
  Dossier preview_;
  EditContext context_;
  std::int64_t at_;
  std::vector<EntryRow> rows_;
  std::optional<Problem> problem_;
};

using Members = json::Document::object_t;

// A JSON list of references to at most the last `maximum` entries.
json::Document references(const Dossier& dossier, const std::vector<EntryIndex>& entries,
                          std::size_t maximum);

// The entity that a client has named by an id, or nullptr if it is not shown. `type` none: any
// type.
const Entity* find_entity(Dossier& dossier, std::string_view id, Type type = Type::none);
tl::unexpected<Problem> no_such_thing();

// {"target", "mentions"} of an entity, or of the story.
Members about(const Dossier& dossier, const Entity& entity);
Members about_story();

}  // namespace fabula::dossier

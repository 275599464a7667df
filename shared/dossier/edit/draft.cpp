#include "shared/dossier/edit/draft.hpp"

#include <algorithm>
#include <utility>

#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {
namespace {

// Several mentions, so that one still finds the thing if the message of the others has left the
// path.
constexpr std::size_t kMentionsOfATarget = 32;

}  // namespace

// Later than all previous acts of persons, whatever the clocks of their servers say: the request
// was made after seeing them.
Draft::Draft(const Dossier& dossier, const EditContext& context)
    : preview_(dossier), context_(context), at_(context.at) {
  for (const auto& entry : dossier.entries()) {
    const bool is_of_person = entry.kind == EntryKind::user || entry.kind == EntryKind::confirmed;
    if (is_of_person) at_ = std::max(at_, entry.at + 1);
  }
}

void Draft::add(Act act, Members members) {
  if (problem_) return;
  members["do"] = name(act);
  members["at"] = at_;
  members["place"] = rows_.size();
  members["operation"] = context_.operation;
  const auto kind = act == Act::accept ? EntryKind::confirmed : EntryKind::user;
  auto row = make_row(context_.project_id, kind, "", members);
  if (!row) {
    problem_ = row.error();
    return;
  }
  std::vector<EntryRow> rows;
  rows.push_back(std::move(*row));
  take(std::move(rows));
}

void Draft::take(std::vector<EntryRow> rows) {
  for (auto& row : rows) {
    auto entry = parse_entry(row);
    if (!entry) {
      problem_ = entry.error();
      return;
    }
    std::vector<Entry> entries;
    entries.push_back(std::move(*entry));
    if (preview_.add(std::move(entries)) > 0) rows_.push_back(std::move(row));
  }
  if (rows_.size() > kMaximumRowsPerEdit) {
    problem_ = Problem(ErrorCode::body_too_large,
                       "This changes more than 1,000 things at once: send it in parts.", "");
  }
}

Rows Draft::rows() && {
  if (problem_) return tl::unexpected<Problem>(std::move(*problem_));
  return std::move(rows_);
}

json::Document references(const Dossier& dossier, const std::vector<EntryIndex>& entries,
                          std::size_t maximum) {
  json::Document::array_t list;
  const auto skipped = entries.size() - std::min(entries.size(), maximum);
  for (std::size_t i = skipped; i < entries.size(); ++i) {
    list.emplace_back(reference_text(dossier.entries()[entries[i]].reference()));
  }
  return list;
}

const Entity* find_entity(Dossier& dossier, std::string_view id, Type type) {
  const auto reference = parse_reference(id);
  const auto* entity = reference ? dossier.entity(*reference) : nullptr;
  return entity && (type == Type::none || entity->type == type) ? entity : nullptr;
}

tl::unexpected<Problem> no_such_thing() {
  return problem(
      ErrorCode::not_found,
      "The dossier shows nothing with this id: read it again and use an id that it has.");
}

Members about(const Dossier& dossier, const Entity& entity) {
  std::vector<EntryIndex> mentions = entity.mentions;
  if (mentions.size() > kMentionsOfATarget) mentions.resize(kMentionsOfATarget);
  return {{"target", reference_text(entity.id)},
          {"mentions", references(dossier, mentions, kMentionsOfATarget)}};
}

Members about_story() { return {{"target", "story"}}; }

}  // namespace fabula::dossier

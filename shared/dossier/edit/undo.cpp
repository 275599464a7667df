#include <algorithm>
#include <utility>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/edit.hpp"

namespace fabula::dossier {
namespace {

bool is_of_person(const Entry& entry) {
  return entry.kind == EntryKind::user || entry.kind == EntryKind::confirmed;
}

// Whether the entry is the change with this name, or a part of it.
bool is_of_change(const Entry& entry, std::string_view change) {
  if (const auto reference = parse_reference(change)) return entry.reference() == *reference;
  return is_of_person(entry) ? entry.operation == change : entry.delivery == change;
}

// An undo that takes back nothing but undos is a redo.
bool is_redo(const Dossier& dossier, const Entry& entry) {
  if (entry.act != Act::undo) return false;
  return std::all_of(entry.entries.begin(), entry.entries.end(), [&](Reference reference) {
    const auto named = dossier.find(reference);
    return named != kNoEntry && dossier.entries()[named].act == Act::undo;
  });
}

// The operation of the person's last act for which `is` is true; "".
template <class Is>
std::string last_operation(const Dossier& dossier, Is is) {
  const auto& order = dossier.content_order();
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const Entry& entry = dossier.entries()[*at];
    if (is_of_person(entry) && is(*at)) return entry.operation;
  }
  return {};
}

Rows take_back(Dossier& dossier, const std::vector<EntryIndex>& entries,
               const EditContext& context) {
  Draft draft(dossier, context);
  for (std::size_t at = 0; at < entries.size(); at += kMaximumReferences) {
    const auto end = std::min(entries.size(), at + kMaximumReferences);
    const std::vector<EntryIndex> part(entries.begin() + static_cast<std::ptrdiff_t>(at),
                                       entries.begin() + static_cast<std::ptrdiff_t>(end));
    draft.add(Act::undo, {{"entries", references(dossier, part, kMaximumReferences)}});
  }
  return std::move(draft).rows();
}

tl::unexpected<Problem> nothing_to(std::string_view act) {
  return problem(ErrorCode::not_found, "There is no such change to " + std::string(act) +
                                           ": use a change of the dossier's history.");
}

}  // namespace

Rows undo(Dossier& dossier, std::string_view change, const EditContext& context) {
  const auto& statuses = dossier.state().statuses;
  std::string wanted(change);
  if (wanted.empty()) {
    wanted = last_operation(dossier, [&](EntryIndex index) {
      return statuses[index] != Status::undone && dossier.entries()[index].act != Act::undo;
    });
    if (wanted.empty()) return nothing_to("undo");
  }
  std::vector<EntryIndex> entries;
  bool is_known = false;
  for (const auto index : dossier.content_order()) {
    const Entry& entry = dossier.entries()[index];
    if (entry.act == Act::path || is_redo(dossier, entry) || !is_of_change(entry, wanted)) continue;
    is_known = true;
    if (statuses[index] != Status::undone) entries.push_back(index);
  }
  if (!is_known) return nothing_to("undo");
  return take_back(dossier, entries, context);
}

Rows redo(Dossier& dossier, std::string_view change, const EditContext& context) {
  const auto& statuses = dossier.state().statuses;
  const auto is_open_undo = [&](EntryIndex index) {
    const Entry& entry = dossier.entries()[index];
    return entry.act == Act::undo && statuses[index] != Status::undone && !is_redo(dossier, entry);
  };
  std::vector<EntryIndex> entries;
  if (change.empty()) {
    const auto operation = last_operation(dossier, is_open_undo);
    for (const auto index : dossier.content_order()) {
      if (is_open_undo(index) && dossier.entries()[index].operation == operation) {
        entries.push_back(index);
      }
    }
  } else {
    for (const auto index : dossier.content_order()) {
      if (!is_open_undo(index)) continue;
      const Entry& entry = dossier.entries()[index];
      const bool takes_it_back =
          is_of_change(entry, change) ||
          std::any_of(entry.entries.begin(), entry.entries.end(), [&](Reference reference) {
            const auto named = dossier.find(reference);
            return named != kNoEntry && is_of_change(dossier.entries()[named], change);
          });
      if (takes_it_back) entries.push_back(index);
    }
  }
  if (entries.empty()) return nothing_to("redo");
  return take_back(dossier, entries, context);
}

}  // namespace fabula::dossier

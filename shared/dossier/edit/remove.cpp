#include <algorithm>
#include <utility>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/edit.hpp"

namespace fabula::dossier {
namespace {

bool comes_from(const Dossier& dossier, Reference id, const std::vector<EntryIndex>& entries,
                Reference wanted) {
  return id == wanted || std::any_of(entries.begin(), entries.end(), [&](EntryIndex index) {
           return dossier.entries()[index].reference() == wanted;
         });
}

const Item* find_item(Dossier& dossier, Reference wanted) {
  for (const auto& items : dossier.state().items_of) {
    for (const auto& item : items) {
      if (comes_from(dossier, item.id, item.entries, wanted)) return &item;
    }
  }
  return nullptr;
}

// Finds an entity by its own id or that of a mention. A fact's id names only the fact, not its
// owner.
const Entity* find_mentioned(Dossier& dossier, Reference wanted) {
  const auto* entity = dossier.entity(wanted);
  if (entity == nullptr || entity->id == wanted) return entity;
  const auto named = dossier.find(wanted);
  if (named == kNoEntry) return nullptr;
  const auto act = dossier.entries()[named].act;
  return act == Act::mention || act == Act::add ? entity : nullptr;
}

}  // namespace

Rows remove(Dossier& dossier, std::string_view id, const EditContext& context) {
  const auto wanted = parse_reference(id);
  if (!wanted) return no_such_thing();
  Draft draft(dossier, context);
  if (const auto* item = find_item(dossier, *wanted)) {
    draft.add(Act::remove, {{"target", reference_text(item->id)},
                            {"type", story::name(item->type)},
                            {"text", item->text}});
    return std::move(draft).rows();
  }
  const auto& questions = dossier.state().questions;
  const auto question = std::find_if(questions.begin(), questions.end(),
                                     [&](const Question& each) { return each.id == *wanted; });
  if (question != questions.end()) return resolve(dossier, id, {}, context);
  const auto* entity = find_mentioned(dossier, *wanted);
  if (entity == nullptr) return no_such_thing();
  draft.add(Act::remove, {{"target", reference_text(entity->id)},
                          {"type", story::name(entity->type)},
                          {"mentions", references(dossier, entity->mentions, kMaximumReferences)}});
  return std::move(draft).rows();
}

}  // namespace fabula::dossier

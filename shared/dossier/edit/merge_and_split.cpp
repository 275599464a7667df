#include <algorithm>
#include <utility>

#include "shared/dossier/edit/draft.hpp"
#include "shared/dossier/edit/edit.hpp"
#include "shared/dossier/edit/identities.hpp"
#include "shared/dossier/log/log.hpp"

namespace fabula::dossier {
namespace {

using json::Document;

using Part = std::vector<EntryIndex>;

Document parts_json(const Dossier& dossier, const std::vector<Part>& parts) {
  const std::size_t most = kMaximumReferences / parts.size();
  Document::array_t list;
  for (const auto& part : parts) list.push_back(references(dossier, part, most));
  return list;
}

bool names_one_of(const Dossier& dossier, const std::vector<Reference>& part,
                  const Part& mentions) {
  const Log& log = dossier.log();
  return std::any_of(part.begin(), part.end(), [&](Reference reference) {
    const auto named = log.find(reference);
    return named != kNone && std::any_of(mentions.begin(), mentions.end(), [&](EntryIndex mention) {
             return log.links[mention].slot == log.links[named].slot;
           });
  });
}

// Acts in force which state that two of the parts are the same.
std::vector<EntryIndex> joining_acts(Dossier& dossier, const std::vector<Part>& parts) {
  std::vector<EntryIndex> acts;
  const auto& statuses = dossier.state().statuses;
  for (EntryIndex i = 0; i < dossier.entries().size(); ++i) {
    const Entry& entry = dossier.entries()[i];
    if (entry.act != Act::same || statuses[i] != Status::shown) continue;
    std::size_t met = 0;
    for (const auto& mentions : parts) {
      met += std::any_of(entry.parts.begin(), entry.parts.end(),
                         [&](const auto& part) { return names_one_of(dossier, part, mentions); });
    }
    if (met >= 2) acts.push_back(i);
  }
  return acts;
}

bool contains(const Part& mentions, EntryIndex mention) {
  return std::find(mentions.begin(), mentions.end(), mention) != mentions.end();
}

// A decision about some mentions might merge others: a person's decision covers only what they say.
Identities others_as_they_are(Dossier& dossier, const std::vector<Part>& decided) {
  Identities identities;
  for (const auto& part : decided) identities.note(part);
  for (const auto* mentions : all_mentions(dossier.state())) {
    // The cluster is split, or is a part together with others.
    const bool is_decided = std::any_of(decided.begin(), decided.end(), [&](const Part& part) {
      return contains(*mentions, part.front()) || contains(part, mentions->front());
    });
    if (!is_decided) identities.note(*mentions);
  }
  return identities;
}

tl::unexpected<Problem> not_to_be_split() {
  return problem(ErrorCode::invalid_request,
                 "Name mentions of this entity (see its provenance) in parts that have none in "
                 "common, and leave at least one for another part.");
}

}  // namespace

Rows merge_characters(Dossier& dossier, std::span<const std::string> ids, bool are_the_same,
                      const EditContext& context) {
  std::vector<Part> parts;
  std::vector<Reference> known;
  Type type = Type::none;
  for (const auto& id : ids) {
    const auto* entity = find_entity(dossier, id);
    if (entity == nullptr) return no_such_thing();
    if (type == Type::none) type = entity->type;
    if (entity->type != type) {
      return problem(ErrorCode::invalid_request,
                     "Only things of one kind can be the same: characters, locations or objects.");
    }
    if (std::find(known.begin(), known.end(), entity->id) != known.end()) continue;
    known.push_back(entity->id);
    parts.push_back(entity->mentions);
  }
  if (parts.size() < 2) {
    if (are_the_same && ids.size() >= 2) return std::vector<EntryRow>();
    return problem(ErrorCode::invalid_request,
                   "Give the ids of two or more that are shown apart; to part one, split it.");
  }
  if (parts.size() > kMaximumListItems) {
    return problem(ErrorCode::invalid_request, "At most 256 can be merged at once.");
  }
  Draft draft(dossier, context);
  draft.add(are_the_same ? Act::same : Act::different, {{"parts", parts_json(dossier, parts)}});
  Part joined;
  for (const auto& part : parts) joined.insert(joined.end(), part.begin(), part.end());
  others_as_they_are(dossier, are_the_same ? std::vector<Part>{joined} : parts).keep(draft);
  return std::move(draft).rows();
}

Rows split(Dossier& dossier, std::string_view id,
           std::span<const std::vector<std::string>> wanted_parts, const EditContext& context) {
  const auto* entity = find_entity(dossier, id);
  if (entity == nullptr) return no_such_thing();
  Part rest = entity->mentions;
  std::vector<Part> parts;
  for (const auto& wanted : wanted_parts) {
    Part part;
    for (const auto& mention_id : wanted) {
      const auto reference = parse_reference(mention_id);
      const auto mention = reference ? dossier.find(*reference) : kNoEntry;
      const auto at = std::find(rest.begin(), rest.end(), mention);
      if (mention == kNoEntry || at == rest.end()) return not_to_be_split();
      part.push_back(mention);
      rest.erase(at);
    }
    if (!part.empty()) parts.push_back(std::move(part));
  }
  if (parts.size() == 1 && !rest.empty()) parts.push_back(std::move(rest));
  if (parts.size() < 2 || parts.size() > kMaximumListItems) return not_to_be_split();

  // Acts which stated that they are the same are undone; other reasons for joining them are
  // overruled.
  Draft draft(dossier, context);
  if (const auto acts = joining_acts(dossier, parts); !acts.empty()) {
    draft.add(Act::undo, {{"entries", references(dossier, acts, kMaximumReferences)}});
  }
  draft.add(Act::split,
            {{"target", reference_text(entity->id)}, {"parts", parts_json(dossier, parts)}});
  others_as_they_are(dossier, parts).keep(draft);
  return std::move(draft).rows();
}

}  // namespace fabula::dossier

#include "shared/dossier/edit/identities.hpp"

#include <algorithm>
#include <utility>

namespace fabula::dossier {
namespace {

using json::Document;

constexpr int kMaximumRounds = 8;
constexpr std::size_t kMentionsOfAPart = 200;

}  // namespace

std::vector<const std::vector<EntryIndex>*> all_mentions(const State& state) {
  std::vector<const std::vector<EntryIndex>*> all;
  for (const Type type : {story::kCharacter, story::kLocation, story::kObject}) {
    for (const auto& entity : state.entities(type)) all.push_back(&entity.mentions);
  }
  for (const auto& mentions : state.gone) all.push_back(&mentions);
  return all;
}

void Identities::note(const std::vector<EntryIndex>& mentions) {
  // Positions do not change: entries are only ever added.
  for (const auto mention : mentions) {
    by_mention_.set(mention, static_cast<std::uint32_t>(all_.size()));
  }
  all_.push_back(mentions);
}

void Identities::note_all(Dossier& dossier) {
  for (const auto* mentions : all_mentions(dossier.state())) note(*mentions);
}

std::vector<std::uint32_t> Identities::found_in(const std::vector<EntryIndex>& mentions) const {
  std::vector<std::uint32_t> found;
  for (const auto mention : mentions) {
    const auto identity = by_mention_.find(mention);
    if (identity != kNone && std::find(found.begin(), found.end(), identity) == found.end()) {
      found.push_back(identity);
    }
  }
  return found;
}

bool Identities::keep_apart(Draft& draft) const {
  std::vector<Members> apart;
  for (const auto* mentions : all_mentions(draft.preview().state())) {
    const auto found = found_in(*mentions);
    if (found.size() < 2) continue;
    Document::array_t parts;
    for (const auto identity : found) {
      if (parts.size() >= kMaximumListItems) break;
      parts.push_back(references(draft.preview(), all_[identity], kMentionsOfAPart));
    }
    apart.push_back({{"parts", std::move(parts)}, {"together", true}});
  }
  for (auto& members : apart) draft.add(Act::different, std::move(members));
  return !apart.empty();
}

bool Identities::keep_together(Draft& draft) const {
  std::vector<std::uint32_t> places(all_.size(), 0);
  for (const auto* mentions : all_mentions(draft.preview().state())) {
    for (const auto identity : found_in(*mentions)) ++places[identity];
  }
  bool has_fallen_apart = false;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 2) continue;
    Document::array_t parts;
    for (const auto mention : all_[i]) {
      if (parts.size() >= kMaximumListItems) break;
      parts.push_back(references(draft.preview(), {mention}, 1));
    }
    draft.add(Act::same, {{"parts", std::move(parts)}});
    has_fallen_apart = true;
  }
  return has_fallen_apart;
}

void Identities::keep(Draft& draft) const {
  for (int round = 0; round < kMaximumRounds && !draft.has_failed(); ++round) {
    const bool was_one = keep_apart(draft);
    const bool was_several = keep_together(draft);
    if (!was_one && !was_several) break;
    draft.next_pass();
  }
}

}  // namespace fabula::dossier

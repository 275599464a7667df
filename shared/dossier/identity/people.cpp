#include "shared/dossier/identity/people.hpp"

#include <algorithm>
#include <numeric>

namespace fabula::dossier::identity {

People::People(const Mentions& mentions, std::span<const IdentityDecision> decisions)
    : mentions_(mentions), people_(mentions.records.size()), parents_(mentions.records.size()) {
  std::iota(parents_.begin(), parents_.end(), Index{0});
  next_ = parents_;
  std::vector<Index> only(mentions.forms.size(), kNone);  // the last record with this form alone
  for (Index r = 0; r < people_.size(); ++r) {
    const auto& record = mentions.records[r];
    auto& person = people_[r];
    auto known = kNone;
    if (record.forms.size() == 1) known = std::exchange(only[record.forms.front()], r);
    person.profile = known == kNone ? profile_of(mentions, record.forms) : people_[known].profile;
    if (!person.profile.families().empty()) {
      person.profile.first_family = person.profile.last_family = record.delivery;
    }
    person.deliveries.add(record.delivery);
    person.content = record.content;
    for (const auto f : record.forms)
      person.content = mixed(person.content, mentions.forms[f].content);
  }
  std::vector<std::pair<Index, Index>> same;
  for (const auto& decision : decisions) {
    if (decision.first >= mentions.record_of.size()) continue;
    if (decision.second >= mentions.record_of.size()) continue;
    const auto [a, b] =
        std::minmax({mentions.record_of[decision.first], mentions.record_of[decision.second]});
    if (a != b) (decision.is_same ? same : different_).emplace_back(a, b);
  }
  std::sort(same.begin(), same.end());
  std::sort(different_.begin(), different_.end());
  for (const auto& [a, b] : same) {
    if (!is_decided_different(of(a), of(b))) join(a, b);
  }
}

Index People::of(Index record) const {
  while (parents_[record] != record) {
    parents_[record] = parents_[parents_[record]];
    record = parents_[record];
  }
  return record;
}

std::vector<Index> People::all() const {
  std::vector<Index> all;
  for (Index r = 0; r < parents_.size(); ++r) {
    if (parents_[r] == r) all.push_back(r);
  }
  return all;
}

bool People::is_decided_different(Index a, Index b) const {
  return std::any_of(different_.begin(), different_.end(), [&](const auto& pair) {
    return (pair.first == a && pair.second == b) || (pair.first == b && pair.second == a);
  });
}

bool People::may_be_one(Index a, Index b) const {
  return a != b && !is_decided_different(a, b) &&
         !contradict(mentions_.vocabulary, people_[a].profile, people_[b].profile);
}

bool People::may_join(Index a, Index b) const {
  return a != b && !people_[a].deliveries.view().meets(people_[b].deliveries.view()) &&
         may_be_one(a, b);
}

Index People::shared_deliveries(Index a, Index b) const {
  return people_[a].deliveries.view().shared_with(people_[b].deliveries.view());
}

void People::join(Index a, Index b) {
  a = of(a);
  b = of(b);
  if (a == b) return;
  if (b < a) std::swap(a, b);
  parents_[b] = a;
  auto& into = people_[a];
  auto& from = people_[b];
  into.profile.add(from.profile);
  into.deliveries.add_all(from.deliveries);
  into.content += from.content;
  into.record_count += from.record_count;
  from = {};
  std::swap(next_[a], next_[b]);
  for (auto& [left, right] : different_) {
    left = of(left);
    right = of(right);
  }
}

Index People::distance(Index a, Index b) const {
  const auto left = people_[a].deliveries.view();
  const auto right = people_[b].deliveries.view();
  Index least = kNone;
  auto other = right.begin();
  for (const auto& entry : left) {
    while (other != right.end() && other->first < entry.first) ++other;
    if (other != right.end()) least = std::min(least, other->first - entry.first);
    if (other != right.begin()) least = std::min(least, entry.first - std::prev(other)->first);
  }
  return least;
}

bool People::is_closer(Index person, Index a, Index b) const {
  const auto mine = people_[person].profile.forms();
  const auto shared_a = mine.shared_with(people_[a].profile.forms());
  const auto shared_b = mine.shared_with(people_[b].profile.forms());
  if (shared_a != shared_b) return shared_a > shared_b;
  const auto size_a = people_[a].record_count;
  const auto size_b = people_[b].record_count;
  if (size_a != size_b) return size_a > size_b;
  const auto distance_a = distance(person, a);
  const auto distance_b = distance(person, b);
  return distance_a != distance_b ? distance_a < distance_b : a < b;
}

}  // namespace fabula::dossier::identity

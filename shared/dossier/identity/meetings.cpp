#include "shared/dossier/identity/meetings.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace fabula::dossier::identity {
namespace {

using Records = std::span<const Index>;

// Removes the records of one delivery from the front.
Records take_delivery(const Mentions& mentions, Records& rest) {
  const auto delivery = mentions.records[rest.front()].delivery;
  std::size_t count = 0;
  while (count < rest.size() && mentions.records[rest[count]].delivery == delivery) ++count;
  const auto taken = rest.first(count);
  rest = rest.subspan(count);
  return taken;
}

// Calls `visit` with the records with each form in each delivery that has both forms. Most names
// are rare, so it starts from the records of the rarer one.
template <class Visit>
void for_each_meeting(const Mentions& mentions, Index f, Index g, Visit&& visit) {
  Records few = mentions.forms[f].records;
  Records many = mentions.forms[g].records;
  if (few.size() > many.size()) std::swap(few, many);
  while (!few.empty()) {
    const auto delivery = mentions.records[few.front()].delivery;
    const auto its = take_delivery(mentions, few);
    const auto at = std::lower_bound(
        many.begin(), many.end(), delivery,
        [&](Index record, Index wanted) { return mentions.records[record].delivery < wanted; });
    many = many.subspan(static_cast<std::size_t>(at - many.begin()));
    if (many.empty()) return;
    if (mentions.records[many.front()].delivery != delivery) continue;
    visit(its, take_delivery(mentions, many));
  }
}

Meetings meetings_of(const Mentions& mentions, Index f, Index g) {
  Meetings meetings;
  for_each_meeting(mentions, f, g, [&](Records left, Records right) {
    const auto first = mentions.whole_of(left.front());
    bool is_apart = false;
    for (const auto r : left) is_apart = is_apart || mentions.whole_of(r) != first;
    for (const auto r : right) is_apart = is_apart || mentions.whole_of(r) != first;
    bool is_together = !is_apart;
    std::vector<Index> wholes;
    if (is_apart) {
      for (const auto r : left) wholes.push_back(mentions.whole_of(r));
      std::sort(wholes.begin(), wholes.end());
      is_together = std::any_of(right.begin(), right.end(), [&](Index r) {
        return std::binary_search(wholes.begin(), wholes.end(), mentions.whole_of(r));
      });
    }
    meetings.together += is_together ? 1 : 0;
    meetings.apart += is_apart ? 1 : 0;
  });
  return meetings;
}

}  // namespace

MeetingTable::MeetingTable(const Mentions& mentions) {
  for (const auto& record : mentions.records) {
    for (std::size_t i = 0; i < record.forms.size(); ++i) {
      for (std::size_t j = i + 1; j < record.forms.size(); ++j) {
        const auto [first, second] = std::minmax({record.forms[i], record.forms[j]});
        rows_.push_back({first, second, {}});
      }
    }
  }
  const auto key = [](const Row& row) { return std::pair(row.first, row.second); };
  std::sort(rows_.begin(), rows_.end(),
            [&](const Row& a, const Row& b) { return key(a) < key(b); });
  rows_.erase(std::unique(rows_.begin(), rows_.end(),
                          [&](const Row& a, const Row& b) { return key(a) == key(b); }),
              rows_.end());
  for (auto& row : rows_) row.count = meetings_of(mentions, row.first, row.second);
}

Meetings MeetingTable::of(Index f, Index g) const {
  const std::pair wanted = std::minmax({f, g});
  const auto at = std::lower_bound(rows_.begin(), rows_.end(), wanted,
                                   [](const Row& row, const std::pair<Index, Index>& key) {
                                     return std::pair(row.first, row.second) < key;
                                   });
  const bool is_there = at != rows_.end() && std::pair(at->first, at->second) == wanted;
  return is_there ? at->count : Meetings{};
}

void append_apart(const Mentions& mentions, Index f, Index g,
                  std::vector<std::pair<Index, Index>>& pairs) {
  constexpr std::size_t kMostOfDelivery = 8;
  for_each_meeting(mentions, f, g, [&](Records left, Records right) {
    for (const auto a : left.first(std::min(left.size(), kMostOfDelivery))) {
      for (const auto b : right.first(std::min(right.size(), kMostOfDelivery))) {
        if (a != b) pairs.emplace_back(std::min(a, b), std::max(a, b));
      }
    }
  });
}

Doubling doubling_of(const Mentions& mentions, Index f) {
  Doubling doubling;
  for (Records rest = mentions.forms[f].records; !rest.empty(); ++doubling.deliveries) {
    const auto its = take_delivery(mentions, rest);
    const auto first = mentions.whole_of(its.front());
    const bool is_doubled =
        std::any_of(its.begin(), its.end(), [&](Index r) { return mentions.whole_of(r) != first; });
    doubling.doubled += is_doubled ? 1 : 0;
  }
  return doubling;
}

}  // namespace fabula::dossier::identity

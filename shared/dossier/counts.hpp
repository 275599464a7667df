// A small set of numbers with how often each was added.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace fabula::dossier::identity {

// Of a word, a form, a record or a person: its place in a list.
using Index = std::uint32_t;
inline constexpr Index kNone = ~Index{0};

class Counts {
 public:
  using Entry = std::pair<Index, Index>;

  void add(Index key, Index count = 1) {
    const auto at = find(key);
    if (at != entries_.end() && at->first == key) {
      entries_[static_cast<std::size_t>(at - entries_.begin())].second += count;
    } else {
      entries_.insert(at, {key, count});
    }
  }

  void add_all(const Counts& other) {
    if (other.size() == 1) return add(other.entries_.front().first, other.entries_.front().second);
    std::vector<Entry> merged;
    merged.reserve(entries_.size() + other.entries_.size());
    auto mine = entries_.begin();
    for (const auto& theirs : other.entries_) {
      while (mine != entries_.end() && mine->first < theirs.first) merged.push_back(*mine++);
      const bool is_both = mine != entries_.end() && mine->first == theirs.first;
      merged.emplace_back(theirs.first, theirs.second + (is_both ? (mine++)->second : 0));
    }
    merged.insert(merged.end(), mine, entries_.end());
    entries_ = std::move(merged);
  }

  Index count(Index key) const {
    const auto at = find(key);
    return at != entries_.end() && at->first == key ? at->second : 0;
  }

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  // How many keys both have.
  Index shared_with(const Counts& other) const {
    const auto& small = size() < other.size() ? *this : other;
    const auto& large = size() < other.size() ? other : *this;
    Index shared = 0;
    for (const auto& entry : small) shared += large.count(entry.first) > 0 ? 1 : 0;
    return shared;
  }

  bool meets(const Counts& other) const {
    const auto& small = size() < other.size() ? *this : other;
    const auto& large = size() < other.size() ? other : *this;
    return std::any_of(small.begin(), small.end(),
                       [&](const Entry& entry) { return large.count(entry.first) > 0; });
  }

  // Whether both say something and nothing in common.
  bool is_disjoint_from(const Counts& other) const {
    return !empty() && !other.empty() && !meets(other);
  }

 private:
  std::vector<Entry>::const_iterator find(Index key) const {
    return std::lower_bound(entries_.begin(), entries_.end(), key,
                            [](const Entry& entry, Index wanted) { return entry.first < wanted; });
  }

  std::vector<Entry> entries_;  // by key
};

}  // namespace fabula::dossier::identity

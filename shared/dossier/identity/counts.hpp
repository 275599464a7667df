// A small set of numbers with how often each was added.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace fabula::dossier::identity {

// The index of a word, a form, a record or a person in a list.
using Index = std::uint32_t;
inline constexpr Index kNone = ~Index{0};

// A view of counts, sorted by key, wherever they are stored.
class CountsView {
 public:
  using Entry = std::pair<Index, Index>;
  using Entries = std::span<const Entry>;

  explicit CountsView(Entries entries) : entries_(entries) {}

  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  Entries::iterator begin() const { return entries_.begin(); }
  Entries::iterator end() const { return entries_.end(); }

  // The index at which the key is or would be.
  std::size_t place_of(Index key) const {
    constexpr std::size_t kFew = 8;
    std::size_t at = 0;
    if (entries_.size() > kFew) {
      const auto place =
          std::lower_bound(begin(), end(), key,
                           [](const Entry& entry, Index wanted) { return entry.first < wanted; });
      return static_cast<std::size_t>(place - begin());
    }
    while (at < entries_.size() && entries_[at].first < key) ++at;
    return at;
  }

  Index count(Index key) const {
    const auto at = place_of(key);
    return at < entries_.size() && entries_[at].first == key ? entries_[at].second : 0;
  }

  // How many keys both sets have.
  Index shared_with(CountsView other) const {
    const auto& small = size() < other.size() ? *this : other;
    const auto& large = size() < other.size() ? other : *this;
    Index shared = 0;
    for (const auto& entry : small) shared += large.count(entry.first) > 0 ? 1 : 0;
    return shared;
  }

  bool meets(CountsView other) const {
    const auto& small = size() < other.size() ? *this : other;
    const auto& large = size() < other.size() ? other : *this;
    return std::any_of(small.begin(), small.end(),
                       [&](const Entry& entry) { return large.count(entry.first) > 0; });
  }

  // Whether both sets have keys and none in common.
  bool is_disjoint_from(CountsView other) const {
    return !empty() && !other.empty() && !meets(other);
  }

 private:
  Entries entries_;
};

// The storage of counts. Most sets are small and need no memory of their own.
class CountEntries {
 public:
  using Entry = CountsView::Entry;

  std::span<Entry> all() { return {many_.empty() ? few_.data() : many_.data(), size_}; }
  std::span<const Entry> all() const { return {many_.empty() ? few_.data() : many_.data(), size_}; }
  std::size_t size() const { return size_; }

  void insert(std::size_t at, Entry entry) {
    if (many_.empty() && size_ < few_.size()) {
      for (auto i = size_; i > at; --i) few_[i] = few_[i - 1];
      few_[at] = entry;
    } else {
      if (many_.empty()) many_.assign(few_.begin(), few_.end());
      many_.insert(many_.begin() + static_cast<std::ptrdiff_t>(at), entry);
    }
    ++size_;
  }

  // For more entries than fit into `few_`.
  void replace(std::vector<Entry> entries) {
    many_ = std::move(entries);
    size_ = many_.size();
  }

  static constexpr std::size_t kFew = 6;

 private:
  std::array<Entry, kFew> few_ = {};
  std::size_t size_ = 0;
  std::vector<Entry> many_;  // all entries once they are too many for `few_`
};

// Appends the union of both sets.
inline void append_merged(CountsView a, CountsView b, std::vector<CountsView::Entry>& merged) {
  auto mine = a.begin();
  for (const auto& theirs : b) {
    while (mine != a.end() && mine->first < theirs.first) merged.push_back(*mine++);
    const bool is_both = mine != a.end() && mine->first == theirs.first;
    merged.emplace_back(theirs.first, theirs.second + (is_both ? (mine++)->second : 0));
  }
  merged.insert(merged.end(), mine, a.end());
}

class Counts {
 public:
  void add(Index key, Index count = 1) {
    const auto at = view().place_of(key);
    const auto held = entries_.all();
    if (at < held.size() && held[at].first == key) {
      held[at].second += count;
    } else {
      entries_.insert(at, {key, count});
    }
  }

  void add_all(const Counts& other) {
    if (other.entries_.size() <= CountEntries::kFew) {
      for (const auto& [key, count] : other.view()) add(key, count);
      return;
    }
    std::vector<CountsView::Entry> merged;
    merged.reserve(entries_.size() + other.entries_.size());
    append_merged(view(), other.view(), merged);
    entries_.replace(std::move(merged));
  }

  CountsView view() const { return CountsView(entries_.all()); }

 private:
  CountEntries entries_;
};

}  // namespace fabula::dossier::identity

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

// Of a word, a form, a record or a person: its place in a list.
using Index = std::uint32_t;
inline constexpr Index kNone = ~Index{0};

// Most have one or two, which take no memory of their own.
class Counts {
 public:
  using Entry = std::pair<Index, Index>;
  using Iterator = std::span<const Entry>::iterator;

  void add(Index key, Index count = 1) {
    const auto at = place_of(key);
    const auto held = entries();
    if (at < held.size() && held[at].first == key) {
      (many_.empty() ? few_[at] : many_[at]).second += count;
    } else if (held.size() < few_.size()) {
      std::move_backward(few_.data() + at, few_.data() + few_count_, few_.data() + few_count_ + 1);
      few_[at] = {key, count};
      ++few_count_;
    } else {
      if (many_.empty()) many_.assign(few_.begin(), few_.end());
      many_.insert(many_.begin() + static_cast<std::ptrdiff_t>(at), {key, count});
    }
  }

  void add_all(const Counts& other) {
    if (other.size() <= few_.size()) {
      for (const auto& [key, count] : other) add(key, count);
      return;
    }
    std::vector<Entry> merged;
    merged.reserve(size() + other.size());
    auto mine = begin();
    for (const auto& theirs : other) {
      while (mine != end() && mine->first < theirs.first) merged.push_back(*mine++);
      const bool is_both = mine != end() && mine->first == theirs.first;
      merged.emplace_back(theirs.first, theirs.second + (is_both ? (mine++)->second : 0));
    }
    merged.insert(merged.end(), mine, end());
    many_ = std::move(merged);
  }

  Index count(Index key) const {
    const auto at = place_of(key);
    const auto held = entries();
    return at < held.size() && held[at].first == key ? held[at].second : 0;
  }

  bool empty() const { return entries().empty(); }
  std::size_t size() const { return entries().size(); }
  Iterator begin() const { return entries().begin(); }
  Iterator end() const { return entries().end(); }

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
  std::span<const Entry> entries() const {
    return many_.empty() ? std::span(few_.data(), few_count_) : std::span(many_);
  }
  std::size_t place_of(Index key) const {
    const auto held = entries();
    const auto at =
        std::lower_bound(held.begin(), held.end(), key,
                         [](const Entry& entry, Index wanted) { return entry.first < wanted; });
    return static_cast<std::size_t>(at - held.begin());
  }

  // By key; in `many_` as soon as `few_` is too small.
  std::array<Entry, 2> few_ = {};
  std::size_t few_count_ = 0;
  std::vector<Entry> many_;
};

}  // namespace fabula::dossier::identity

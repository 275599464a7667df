// The parts of a person's names: how often each word is which part of a name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "shared/dossier/identity/counts.hpp"

namespace fabula::dossier::identity {

enum class Part : std::uint8_t {
  form,
  given,
  family,
  either,
  husband,
  numeral,
  family_title,  // kinds of titles before a family name without a given name
  patronymic,
  title,  // words that precede names
  post,   // words that replace names: "the Colonel"
};

// Stored in one piece of memory, since there is one of these for each record.
class NameParts {
 public:
  CountsView of(Part part) const {
    const auto at = static_cast<std::size_t>(part);
    return CountsView(
        CountsView::Entries(entries_.all()).subspan(begin_of(at), ends_[at] - begin_of(at)));
  }

  void add(Part part, Index key, Index count = 1) {
    const auto number = static_cast<std::size_t>(part);
    const auto its = of(part);
    const auto place = its.place_of(key);
    const auto at = begin_of(number) + place;
    if (place < its.size() && its.begin()[static_cast<std::ptrdiff_t>(place)].first == key) {
      entries_.all()[at].second += count;
      return;
    }
    entries_.insert(at, {key, count});
    for (auto i = number; i < kParts; ++i) ++ends_[i];
  }

  void add_all(const NameParts& other) {
    if (other.entries_.size() <= CountEntries::kFew) {
      for (std::size_t i = 0; i < kParts; ++i) {
        const auto part = static_cast<Part>(i);
        for (const auto& [key, count] : other.of(part)) add(part, key, count);
      }
      return;
    }
    std::vector<CountsView::Entry> merged;
    merged.reserve(entries_.size() + other.entries_.size());
    std::array<Index, kParts> ends = {};
    for (std::size_t i = 0; i < kParts; ++i) {
      const auto part = static_cast<Part>(i);
      append_merged(of(part), other.of(part), merged);
      ends[i] = static_cast<Index>(merged.size());
    }
    entries_.replace(std::move(merged));
    ends_ = ends;
  }

 private:
  static constexpr std::size_t kParts = 10;

  Index begin_of(std::size_t part) const { return part == 0 ? 0 : ends_[part - 1]; }

  CountEntries entries_;  // sorted by part, then key
  std::array<Index, kParts> ends_ = {};
};

}  // namespace fabula::dossier::identity

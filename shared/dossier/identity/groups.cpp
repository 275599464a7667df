#include "shared/dossier/identity/groups.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace fabula::dossier {

Groups::Groups(std::size_t count) : parents_(count), sizes_(count, 1), others_(count) {
  std::iota(parents_.begin(), parents_.end(), 0U);
}

std::uint32_t Groups::root(std::uint32_t thing) {
  while (parents_[thing] != thing) {
    parents_[thing] = parents_[parents_[thing]];
    thing = parents_[thing];
  }
  return thing;
}

bool Groups::must_stay_apart(std::uint32_t first, std::uint32_t second) {
  first = root(first);
  second = root(second);
  if (others_[first].size() > others_[second].size()) std::swap(first, second);
  return std::any_of(others_[first].begin(), others_[first].end(),
                     [&](std::uint32_t other) { return root(other) == second; });
}

bool Groups::join(std::uint32_t first, std::uint32_t second) {
  first = root(first);
  second = root(second);
  if (first == second) return true;
  if (must_stay_apart(first, second)) return false;
  if (sizes_[first] < sizes_[second]) std::swap(first, second);
  parents_[second] = first;
  sizes_[first] += sizes_[second];
  others_[first].insert(others_[first].end(), others_[second].begin(), others_[second].end());
  others_[second] = {};
  return true;
}

bool Groups::keep_apart(std::uint32_t first, std::uint32_t second) {
  first = root(first);
  second = root(second);
  if (first == second) return false;
  others_[first].push_back(second);
  others_[second].push_back(first);
  return true;
}

}  // namespace fabula::dossier

#include "shared/dossier/identity/reading_order.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "shared/text/integer.hpp"

namespace fabula::dossier::identity {

// The inputs are mostly in reading order already, so only those at one place of the text need
// sorting.
std::vector<Index> reading_order(std::span<const PreparedRecord> inputs) {
  std::vector<Index> order(inputs.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto is_earlier = [&](Index left, Index right) {
    return inputs[left].order < inputs[right].order;
  };
  if (!std::is_sorted(order.begin(), order.end(), is_earlier)) {
    std::sort(order.begin(), order.end(), is_earlier);
  }
  for (auto begin = order.begin(); begin != order.end();) {
    const auto end = std::find_if(begin, order.end(), [&](Index input) {
      return inputs[input].order != inputs[*begin].order;
    });
    std::sort(begin, end, [&](Index left, Index right) {
      const auto& a = inputs[left];
      const auto& b = inputs[right];
      return std::tie(a.delivery, a.id) < std::tie(b.delivery, b.id);
    });
    begin = end;
  }
  return order;
}

bool is_one_delivery(const PreparedRecord& a, const PreparedRecord& b) {
  return a.order == b.order && a.delivery == b.delivery;
}

std::vector<Index> find_copies(std::span<const PreparedRecord> inputs,
                               std::span<const IdentityDecision> decisions,
                               const std::vector<Index>& order) {
  std::vector<Index> copies(inputs.size(), kNone);
  // Copies are at the same place of the text.
  const auto again = std::adjacent_find(order.begin(), order.end(), [&](Index a, Index b) {
    return inputs[a].order == inputs[b].order && inputs[a].delivery != inputs[b].delivery;
  });
  if (again == order.end()) return copies;
  std::vector<bool> is_decided(inputs.size());
  for (const auto& decision : decisions) {
    if (decision.first < inputs.size()) is_decided[decision.first] = true;
    if (decision.second < inputs.size()) is_decided[decision.second] = true;
  }
  std::unordered_map<std::string, std::vector<Index>> known;
  for (std::size_t begin = 0; begin < order.size();) {
    const auto& first = inputs[order[begin]];
    std::vector<std::pair<std::string, std::size_t>> entries;
    bool is_free = true;
    auto end = begin;
    for (; end < order.size() && is_one_delivery(inputs[order[end]], first); ++end) {
      std::string keys;
      for (const auto& name : inputs[order[end]].names) (keys += name.key) += '\n';
      entries.emplace_back(std::move(keys), end);
      is_free = is_free && !is_decided[order[end]];
    }
    std::sort(entries.begin(), entries.end());
    std::string signature;
    text::append_natural(signature, first.order);
    std::vector<Index> its;
    for (const auto& [keys, place] : entries) {
      (signature += '\t') += keys;
      its.push_back(order[place]);
    }
    const auto [at, is_new] = known.try_emplace(std::move(signature), its);
    if (!is_new && is_free) {
      for (std::size_t i = 0; i < its.size(); ++i) copies[its[i]] = at->second[i];
    }
    begin = end;
  }
  return copies;
}

}  // namespace fabula::dossier::identity

#include "shared/dossier/identity.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <tuple>

#include "shared/dossier/folding.hpp"
#include "shared/dossier/groups.hpp"
#include "shared/dossier/tables.hpp"

namespace fabula::dossier {

std::vector<std::uint32_t> identify_people(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  std::vector<std::uint32_t> order(records.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(records[a].order, records[a].id) < std::tie(records[b].order, records[b].id);
  });
  Groups groups(records.size());
  TextTable deliveries;
  std::vector<std::set<std::uint32_t>> of_root(records.size());
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    of_root[i].insert(deliveries.intern(records[i].delivery));
  }
  const auto join = [&](std::uint32_t a, std::uint32_t b, bool by_force) {
    a = groups.root(a);
    b = groups.root(b);
    if (a == b) return true;
    const bool meets = std::any_of(of_root[a].begin(), of_root[a].end(),
                                   [&](std::uint32_t d) { return of_root[b].count(d) > 0; });
    if ((meets && !by_force) || !groups.join(a, b)) return false;
    const auto root = groups.root(a);
    of_root[root].insert(of_root[root == a ? b : a].begin(), of_root[root == a ? b : a].end());
    return true;
  };
  for (const auto& decision : decisions) {
    if (decision.is_same) join(decision.first, decision.second, true);
  }
  for (const auto& decision : decisions) {
    if (!decision.is_same) groups.keep_apart(decision.first, decision.second);
  }
  TextTable keys;
  std::vector<std::vector<std::uint32_t>> holders;
  const auto note = [&](std::uint32_t record, std::string_view name) {
    const auto key_text = fold(name);
    if (key_text.empty()) return;
    const auto key = keys.intern(key_text);
    if (key == holders.size()) holders.emplace_back();
    for (const auto holder : holders[key]) {
      if (join(holder, record, false)) return;
    }
    holders[key].push_back(record);
  };
  for (const auto record : order) {
    note(record, records[record].name);
    for (const auto& alias : records[record].aliases) note(record, alias);
  }
  std::vector<std::uint32_t> numbers_of_roots(records.size(), kNone);
  std::vector<std::uint32_t> clusters(records.size());
  std::uint32_t count = 0;
  for (const auto record : order) {
    auto& number = numbers_of_roots[groups.root(record)];
    if (number == kNone) number = count++;
    clusters[record] = number;
  }
  return clusters;
}

}  // namespace fabula::dossier

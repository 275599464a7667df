#include "shared/dossier/identity/things.hpp"

#include <array>
#include <utility>

#include "shared/dossier/identity/groups.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {
namespace {

std::string thing_key(std::string_view name) {
  std::string key = fold(name);
  constexpr std::array<std::string_view, 6> kArticles{"the ", "a ",   "an ",
                                                      "his ", "her ", "their "};
  for (const auto article : kArticles) {
    if (key.size() > article.size() && key.compare(0, article.size(), article) == 0) {
      return key.substr(article.size());
    }
  }
  return key;
}

}  // namespace

std::vector<std::uint32_t> identify_things(std::span<const ThingRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  Groups groups(records.size());
  for (const auto& decision : decisions) {
    if (decision.is_same) groups.join(decision.first, decision.second);
  }
  for (const auto& decision : decisions) {
    if (!decision.is_same) groups.keep_apart(decision.first, decision.second);
  }
  // Joined in reading order, each to the first that has the name and that it may be.
  TextTable keys;
  std::vector<std::vector<std::uint32_t>> holders;
  const auto note = [&](std::uint32_t record, std::string_view name) {
    const auto key_text = thing_key(name);
    if (key_text.empty()) return;
    const auto key = keys.intern(key_text);
    if (key == holders.size()) holders.emplace_back();
    for (const auto holder : holders[key]) {
      if (groups.join(holder, record)) return;
    }
    holders[key].push_back(record);
  };
  for (std::uint32_t record = 0; record < records.size(); ++record) {
    note(record, records[record].name);
    for (const auto& alias : records[record].aliases) note(record, alias);
  }
  std::vector<std::uint32_t> numbers_of_roots(records.size(), kNone);
  std::vector<std::uint32_t> clusters(records.size());
  std::uint32_t count = 0;
  for (std::uint32_t record = 0; record < records.size(); ++record) {
    auto& number = numbers_of_roots[groups.root(record)];
    if (number == kNone) number = count++;
    clusters[record] = number;
  }
  return clusters;
}

}  // namespace fabula::dossier

#include "shared/dossier/identity/shown_name.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "shared/dossier/identity/names.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

struct Shown {
  std::string_view text;
  std::size_t first = 0;
  std::int64_t count = 0;
  int rank = 0;
};

// Two names say more than one, one more than a role; with an epithet nobody is introduced.
int rank_of(std::string_view text) {
  const auto name = parse_name(text);
  if (name.kind != NameKind::person) return name.kind == NameKind::role ? 3 : 4;
  // An initial is one letter, of two bytes in Greek and Cyrillic.
  const bool is_initial = name.words.size() > 1 && text::count_code_points(name.words[0]) == 1 &&
                          name.words[0].size() <= 2;
  if (name.words.size() > 1) return is_initial ? 1 : 0;
  return 2;
}

}  // namespace

std::vector<std::string_view> shown_names(std::span<const std::string_view> surfaces) {
  std::map<std::string, Shown> shown;
  std::map<std::string_view, std::int64_t> spellings;
  for (std::size_t i = 0; i < surfaces.size(); ++i) {
    auto folded = fold(surfaces[i]);
    if (folded.empty()) continue;
    const auto spelling = ++spellings[surfaces[i]];
    const auto [at, is_new] = shown.try_emplace(std::move(folded));
    auto& entry = at->second;
    if (is_new) entry = {surfaces[i], i, 0, rank_of(surfaces[i])};
    ++entry.count;
    if (spelling > spellings[entry.text]) entry.text = surfaces[i];
  }
  std::vector<Shown> order;
  order.reserve(shown.size());
  for (const auto& [folded, entry] : shown) order.push_back(entry);
  std::sort(order.begin(), order.end(), [](const Shown& left, const Shown& right) {
    return std::tuple(left.rank, -left.count, left.first) <
           std::tuple(right.rank, -right.count, right.first);
  });
  std::vector<std::string_view> names;
  names.reserve(order.size());
  for (const auto& entry : order) names.push_back(entry.text);
  return names;
}

}  // namespace fabula::dossier

#include "shared/dossier/identity/shown_name.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "shared/dossier/identity/names.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/text/utf8.hpp"

namespace fabula::dossier {
namespace {

// If there are more names, the most used one is not searched.
constexpr std::size_t kMaximumCandidates = 64;

struct Shown {
  std::string_view text;
  std::size_t first = 0;
  std::int64_t count = 0;
  int rank = 0;
  Name name;
};

bool is_initial_of(std::string_view initial, std::string_view word) {
  return text::count_code_points(initial) == 1 && initial.size() <= 2 && word.starts_with(initial);
}

// Whether a word of a name may stand for a word of a longer one: "anna", "a", "lizzy" for
// "elizabeth".
bool may_be(const Name& part, std::size_t i, const Name& whole, std::size_t j) {
  return part.words[i] == whole.words[j] || is_initial_of(part.words[i], whole.words[j]) ||
         can_be_same_name(part.given[i], whole.given[j]);
}

// Whether a name adds nothing to the other one: "Lizzy" and "Mrs. Vane" to "Elizabeth Vane", also
// "E. Vane".
bool is_part_of(const Name& part, const Name& whole) {
  if (part.words.size() > whole.words.size() || part.words == whole.words) return false;
  std::array<bool, kMaximumNameWords> is_taken{};
  bool says_less = part.words.size() < whole.words.size();
  for (std::size_t i = 0; i < part.words.size(); ++i) {
    std::size_t j = 0;
    while (j < whole.words.size() && (is_taken[j] || !may_be(part, i, whole, j))) ++j;
    if (j == whole.words.size()) return false;
    is_taken[j] = true;
    says_less = says_less || is_initial_of(part.words[i], whole.words[j]);
  }
  return says_less;
}

// Two names are better than one, and one is better than a role; a name with an epithet ranks
// lowest.
int rank_of(const Name& name) {
  if (name.kind != NameKind::person) return name.kind == NameKind::role ? 3 : 4;
  // An initial is one letter, of two bytes in Greek and Cyrillic.
  const bool is_initial = name.words.size() > 1 && text::count_code_points(name.words[0]) == 1 &&
                          name.words[0].size() <= 2;
  if (name.words.size() > 1) return is_initial ? 1 : 0;
  return 2;
}

// The most used name among those that are not part of another one, including uses of its parts. (A
// part of several names counts for each.)
std::ptrdiff_t find_most_used(const std::vector<Shown>& names) {
  const auto count = std::min(names.size(), kMaximumCandidates);
  std::ptrdiff_t most_used = 0;
  std::int64_t most = -1;
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i].name.kind != NameKind::person) continue;
    std::int64_t uses = names[i].count;
    bool is_whole = true;
    for (std::size_t j = 0; j < count && is_whole; ++j) {
      if (names[j].name.kind != NameKind::person) continue;
      is_whole = !is_part_of(names[i].name, names[j].name);
      if (is_part_of(names[j].name, names[i].name)) uses += names[j].count;
    }
    if (!is_whole || uses <= most) continue;
    most = uses;
    most_used = static_cast<std::ptrdiff_t>(i);
  }
  return most_used;
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
    if (is_new) {
      entry = {surfaces[i], i, 0, 0, parse_name(surfaces[i])};
      entry.rank = rank_of(entry.name);
    }
    ++entry.count;
    if (spelling > spellings[entry.text]) entry.text = surfaces[i];
  }
  std::vector<Shown> order;
  order.reserve(shown.size());
  for (auto& [folded, entry] : shown) order.push_back(std::move(entry));
  std::sort(order.begin(), order.end(), [](const Shown& left, const Shown& right) {
    return std::tuple(left.rank, -left.count, left.first) <
           std::tuple(right.rank, -right.count, right.first);
  });
  if (const auto most_used = find_most_used(order); most_used > 0) {
    std::rotate(order.begin(), order.begin() + most_used, order.begin() + most_used + 1);
  }
  std::vector<std::string_view> names;
  names.reserve(order.size());
  for (const auto& entry : order) names.push_back(entry.text);
  return names;
}

}  // namespace fabula::dossier

#include "shared/dossier/identity/things.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "shared/dossier/identity/groups.hpp"
#include "shared/dossier/identity/name_in_text.hpp"
#include "shared/dossier/identity/thing_names.hpp"
#include "shared/dossier/log/folding.hpp"
#include "shared/dossier/log/tables.hpp"

namespace fabula::dossier {
namespace {

// If there are more names with owners and numbers, quotes are not searched for them.
constexpr std::size_t kMaximumMarkedNames = 256;

// The marks that distinguish things of one kind: owner or number.
struct Mark {
  std::uint32_t kind;
  bool is_owner;
  std::uint32_t value;

  auto order() const { return std::tuple(kind, is_owner, value); }
};

using Marks = std::vector<Mark>;  // sorted, each once

void sort(Marks& marks) {
  std::sort(marks.begin(), marks.end(),
            [](const Mark& a, const Mark& b) { return a.order() < b.order(); });
  const auto end = std::unique(marks.begin(), marks.end(),
                               [](const Mark& a, const Mark& b) { return a.order() == b.order(); });
  marks.erase(end, marks.end());
}

// Whether both have owners, or both numbers, for one kind, and none in common.
bool differ(const Marks& a, const Marks& b) {
  for (auto mine = a.begin(); mine != a.end();) {
    const auto is_alike = [mine](const Mark& mark) {
      return mark.kind == mine->kind && mark.is_owner == mine->is_owner;
    };
    const auto mine_end = std::find_if_not(mine, a.end(), is_alike);
    const auto theirs = std::find_if(b.begin(), b.end(), is_alike);
    const auto theirs_end = std::find_if_not(theirs, b.end(), is_alike);
    const bool is_shared = std::any_of(mine, mine_end, [&](const Mark& mark) {
      return std::any_of(theirs, theirs_end,
                         [&](const Mark& other) { return other.value == mark.value; });
    });
    if (theirs != theirs_end && !is_shared) return true;
    mine = mine_end;
  }
  return false;
}

class Joiner {
 public:
  Joiner(std::span<const ThingRecord> records, std::span<const IdentityDecision> decisions)
      : groups_(records.size()), keys_of_(records.size()), marks_(records.size()) {
    for (const auto& decision : decisions) {
      if (decision.is_same) groups_.join(decision.first, decision.second);
    }
    for (const auto& decision : decisions) {
      if (!decision.is_same) groups_.keep_apart(decision.first, decision.second);
    }
    for (std::uint32_t record = 0; record < records.size(); ++record) read(record, records[record]);
    read_quotes(records);
    // Things that a person has joined stay joined, and have the marks of all.
    for (std::uint32_t record = 0; record < records.size(); ++record) {
      const auto root = groups_.root(record);
      if (root != record) add_marks(root, marks_[record]);
    }
    std::sort(pronouns_.begin(), pronouns_.end());
    holders_.resize(names_.size());
  }

  // In reading order, joins each record to the first compatible one with the name: first records
  // with marks, then those without, which mean the only thing of their kind.
  Groups& join_all() {
    for (std::uint32_t record = 0; record < keys_of_.size(); ++record) {
      if (!marks_[groups_.root(record)].empty()) place_marked(record);
    }
    for (std::uint32_t record = 0; record < keys_of_.size(); ++record) {
      if (!is_placed(record)) place_bare(record);
    }
    return groups_;
  }

 private:
  void read(std::uint32_t record, const ThingRecord& names) {
    add_name(record, names.name);
    for (const auto& alias : names.aliases) add_name(record, alias);
    sort(marks_[record]);
  }

  // A thing named without a mark takes the mark that its quotes have.
  void read_quotes(std::span<const ThingRecord> records) {
    if (marked_names_.size() < 2) return;
    std::sort(marked_names_.begin(), marked_names_.end());
    std::vector<std::pair<std::uint32_t, std::uint32_t>> found;  // record and name
    for (std::uint32_t record = 0; record < records.size(); ++record) {
      if (!marks_[record].empty() || keys_of_[record].empty()) continue;
      const auto name = quoted_name(keys_of_[record].front(), records[record].quotes);
      if (name != kNone) found.emplace_back(record, name);
    }
    for (const auto& [record, name] : found) {
      const std::string text = names_.at(name);
      add_name(record, text);
      sort(marks_[record]);
    }
  }

  // The only name of this kind with marks in the quotes; kNone.
  std::uint32_t quoted_name(std::uint32_t kind, const Quotes& quotes) const {
    const auto first =
        std::lower_bound(marked_names_.begin(), marked_names_.end(), std::pair{kind, 0U});
    std::uint32_t found = kNone;
    for (const auto quote : quotes) {
      if (first == marked_names_.end() || first->first != kind) break;
      const auto text = fold(quote);
      const auto times = count_name(text, names_.at(kind));
      if (times == 0) continue;
      for (auto at = first; at != marked_names_.end() && at->first == kind; ++at) {
        const auto marked_times = count_name(text, names_.at(at->second));
        if (marked_times == 0 || at->second == found) continue;
        if (found != kNone || marked_times != times) return kNone;
        found = at->second;
      }
    }
    return found;
  }

  void add_name(std::uint32_t record, std::string_view text) {
    const auto name = parse_thing_name(text);
    if (name.key.empty()) return;
    keys_of_[record].push_back(names_.intern(name.key));
    if (name.owner.empty() && name.numbers.empty()) return;
    const auto kind = names_.intern(name.kind);
    if (const std::pair marked{kind, keys_of_[record].back()};
        std::find(marked_names_.begin(), marked_names_.end(), marked) == marked_names_.end() &&
        marked_names_.size() < kMaximumMarkedNames) {
      marked_names_.push_back(marked);
    }
    if (!name.owner.empty()) {
      marks_[record].push_back({kind, true, names_.intern(name.owner)});
      if (name.is_pronoun) pronouns_.emplace_back(kind, record);
    }
    for (const auto& number : name.numbers) {
      marks_[record].push_back({kind, false, names_.intern(number)});
    }
  }

  void add_marks(std::uint32_t root, const Marks& more) {
    marks_[root].insert(marks_[root].end(), more.begin(), more.end());
    sort(marks_[root]);
  }

  bool join(std::uint32_t first, std::uint32_t second) {
    first = groups_.root(first);
    second = groups_.root(second);
    if (first == second) return true;
    if (differ(marks_[first], marks_[second]) || !groups_.join(first, second)) return false;
    const auto root = groups_.root(first);
    add_marks(root, marks_[root == first ? second : first]);
    return true;
  }

  void place(std::uint32_t record, std::uint32_t key) {
    for (const auto holder : holders_[key]) {
      if (join(holder, record)) return;
    }
    holders_[key].push_back(record);
  }

  void place_marked(std::uint32_t record) {
    placed_.push_back(record);
    for (const auto key : keys_of_[record]) place(record, key);
  }

  bool is_placed(std::uint32_t record) const {
    return std::binary_search(placed_.begin(), placed_.end(), record);
  }

  // Things with marks that have the name or kind: "her knife" for "the knife".
  std::vector<std::uint32_t> marked_of(std::uint32_t key) {
    std::vector<std::uint32_t> roots;
    for (const auto holder : holders_[key]) {
      if (!marks_[groups_.root(holder)].empty()) roots.push_back(groups_.root(holder));
    }
    auto owned = std::lower_bound(pronouns_.begin(), pronouns_.end(), std::pair{key, 0U});
    for (; owned != pronouns_.end() && owned->first == key; ++owned) {
      roots.push_back(groups_.root(owned->second));
    }
    std::sort(roots.begin(), roots.end());
    roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
    return roots;
  }

  void place_bare(std::uint32_t record) {
    for (const auto key : keys_of_[record]) {
      const auto marked = marked_of(key);
      if (marked.size() == 1 && join(marked.front(), record)) continue;
      bool is_joined = false;
      for (const auto holder : holders_[key]) {
        // The name does not show which of several things is meant.
        const bool is_one_of_several =
            marked.size() > 1 &&
            std::binary_search(marked.begin(), marked.end(), groups_.root(holder));
        if (is_one_of_several || !join(holder, record)) continue;
        is_joined = true;
        break;
      }
      if (!is_joined) holders_[key].push_back(record);
    }
  }

  Groups groups_;
  TextTable names_;  // keys, kinds, owners and numbers
  std::vector<std::vector<std::uint32_t>> keys_of_;
  std::vector<Marks> marks_;  // for roots: those of all their records
  std::vector<std::vector<std::uint32_t>> holders_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pronouns_;  // kind and record
  std::vector<std::uint32_t> placed_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> marked_names_;  // kind and name, each once
};

}  // namespace

std::vector<std::uint32_t> identify_things(std::span<const ThingRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  Joiner joiner(records, decisions);
  auto& groups = joiner.join_all();
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

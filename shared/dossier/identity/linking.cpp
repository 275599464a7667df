#include "shared/dossier/identity/linking.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

#include "shared/dossier/identity/derivation.hpp"

namespace fabula::dossier::identity {
namespace {

// If a name has more bearers, pairs of them are not examined: it would take long, and such a name
// identifies nobody.
constexpr std::size_t kMostBearers = 64;

// Sorts by given name, then by family name.
std::uint64_t key_of(Index given, Index family) { return (std::uint64_t{given} << 32U) | family; }

class Linker {
 public:
  Linker(const Mentions& mentions, People& people) : mentions_(mentions), people_(people) {}

  void join_halves() {
    for (Index r = 0; r < mentions_.records.size(); ++r) {
      const auto other = mentions_.records[r].other_half;
      if (other == kNone) continue;
      const auto a = people_.of(r);
      const auto b = people_.of(other);
      if (people_.may_be_one(a, b)) people_.join(a, b);
    }
  }

  // A given name and a family name together identify one person, wherever they are in a record.
  void join_by_full_names() {
    std::vector<std::pair<std::uint64_t, Index>> bearers;  // given and family name, record
    for (Index r = 0; r < mentions_.records.size(); ++r) {
      for (const auto f : mentions_.records[r].forms) {
        const auto given = mentions_.forms[f].given;
        if (given == kNone || mentions_.vocabulary.is_initial(given)) continue;
        for (const auto g : mentions_.records[r].forms) {
          const auto family = mentions_.forms[g].family;
          if (family != kNone) bearers.emplace_back(key_of(given, family), r);
        }
      }
    }
    std::sort(bearers.begin(), bearers.end());
    bearers.erase(std::unique(bearers.begin(), bearers.end()), bearers.end());
    std::vector<Index> records;
    for (std::size_t i = 0; i < bearers.size(); ++i) {
      const auto& [name, record] = bearers[i];
      records.push_back(record);
      if (i + 1 < bearers.size() && bearers[i + 1].first == name) continue;
      if (records.size() > 1) join_bearers(records);
      records.clear();
    }
  }

  // Joins by names with a single bearer, the more specific first.
  void join_by_forms() {
    std::vector<std::tuple<int, std::size_t, Index>> order;
    for (Index f = 0; f < mentions_.forms.size(); ++f) {
      const auto& form = mentions_.forms[f];
      if (form.is_ambiguous || form.records.size() < 2) continue;
      order.emplace_back(-mentions_.specificity(f), mentions_.records.size() - form.records.size(),
                         f);
    }
    std::sort(order.begin(), order.end());
    for (const auto& [specificity, rarity, f] : order) join_bearers(mentions_.forms[f].records);
  }

  // A name of several people is assigned to the one who has it most often, at three to one, among
  // those who are not in the same delivery under another name.
  void assign_ambiguous(Derivation& derivation) {
    std::vector<Index> others;
    for (Index r = 0; r < mentions_.records.size(); ++r) {
      const auto person = people_.of(r);
      if (people_[person].record_count != 1) continue;
      others.clear();
      for (const auto f : mentions_.records[r].forms) {
        for (const auto other : mentions_.forms[f].records) {
          if (other != r) others.push_back(people_.of(other));
        }
      }
      std::sort(others.begin(), others.end());
      Index best = kNone;
      Index best_count = 0;
      Index all = 0;
      for (std::size_t i = 0; i < others.size();) {
        const auto other = others[i];
        const auto first = i;
        while (i < others.size() && others[i] == other) ++i;
        const auto count = static_cast<Index>(i - first);
        if (!people_.may_join(person, other)) continue;
        all += count;
        if (count <= best_count) continue;
        best = other;
        best_count = count;
      }
      if (best != kNone && best_count >= 3 * (all - best_count)) {
        people_.join(person, best);
        derivation.note_change(people_.of(best));
      }
    }
  }

  // Two people whom a delivery lists separately are joined all the same if they share a full name,
  // or if for each such delivery several records of each have names of the other.
  void bend() {
    std::vector<std::pair<Index, Index>> pairs;
    std::vector<std::pair<std::uint64_t, Index>> whole_names;  // given and family name, form
    for (Index f = 0; f < mentions_.forms.size(); ++f) {
      const auto& form = mentions_.forms[f];
      if (!form.is_ambiguous) append_pairs(form.records, pairs);
      if (form.is_full()) whole_names.emplace_back(key_of(form.given, form.family), f);
    }
    std::sort(whole_names.begin(), whole_names.end());
    std::vector<Index> bearers;
    for (std::size_t i = 0; i < whole_names.size(); ++i) {
      const auto& [name, f] = whole_names[i];
      const auto& records = mentions_.forms[f].records;
      bearers.insert(bearers.end(), records.begin(), records.end());
      if (i + 1 < whole_names.size() && whole_names[i + 1].first == name) continue;
      append_pairs(bearers, pairs);
      bearers.clear();
    }
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    for (const auto& [first, second] : pairs) {
      const auto a = people_.of(first);
      const auto b = people_.of(second);
      if (people_.may_be_one(a, b) && is_one_in_spite(a, b)) people_.join(a, b);
    }
  }

  // Joins what is still apart and only has exactly the same name: nothing distinguishes them.
  void join_leftovers() {
    std::vector<Index> bearers;
    for (const auto& form : mentions_.forms) {
      bearers.clear();
      for (const auto r : form.records) {
        if (people_[people_.of(r)].profile.forms().size() == 1) bearers.push_back(r);
      }
      if (bearers.size() > 1) join_bearers(bearers);
    }
  }

 private:
  // Joins each to the closest of those before.
  void join_bearers(std::span<const Index> records) {
    auto& found = found_;
    found.clear();
    for (const auto r : records) {
      const auto person = people_.of(r);
      for (auto& other : found) other = people_.of(other);
      if (std::find(found.begin(), found.end(), person) != found.end()) continue;
      Index best = kNone;
      for (const auto other : found) {
        if (!people_.may_join(person, other)) continue;
        if (best == kNone || people_.is_closer(person, other, best)) best = other;
      }
      if (best != kNone) {
        people_.join(person, best);
      } else if (found.size() < kMostBearers) {
        found.push_back(person);
      }
    }
  }

  void append_pairs(std::span<const Index> records, std::vector<std::pair<Index, Index>>& pairs) {
    auto& bearers = found_;
    bearers.clear();
    for (const auto r : records) {
      const auto person = people_.of(r);
      if (bearers.empty() || bearers.back() != person) bearers.push_back(person);
    }
    if (bearers.size() < 2) return;
    std::sort(bearers.begin(), bearers.end());
    bearers.erase(std::unique(bearers.begin(), bearers.end()), bearers.end());
    if (bearers.size() > kMostBearers) return;
    for (std::size_t i = 0; i < bearers.size(); ++i) {
      for (auto j = i + 1; j < bearers.size(); ++j) pairs.emplace_back(bearers[i], bearers[j]);
    }
  }

  bool have_one_whole_name(Index a, Index b) const {
    for (const auto& mine : people_[a].profile.forms()) {
      const auto& form = mentions_.forms[mine.first];
      if (!form.is_full() || mentions_.vocabulary.is_initial(form.given)) continue;
      for (const auto& theirs : people_[b].profile.forms()) {
        const auto& other = mentions_.forms[theirs.first];
        if (other.given == form.given && other.family == form.family) return true;
      }
    }
    return false;
  }

  // The number of records in which `a` has a name that only `a` and `b` have.
  Index records_with_names_of(Index a, Index b) const {
    Index count = 0;
    people_.for_each_record(a, [&](Index r) {
      const auto& forms = mentions_.records[r].forms;
      count += std::any_of(forms.begin(), forms.end(), [&](Index f) {
        return !mentions_.forms[f].is_ambiguous && people_[b].profile.forms().count(f) > 0;
      });
    });
    return count;
  }

  bool is_one_in_spite(Index a, Index b) const {
    const auto needed = 3 * people_.shared_deliveries(a, b);
    if (needed == 0) return false;
    return have_one_whole_name(a, b) ||
           (records_with_names_of(a, b) >= needed && records_with_names_of(b, a) >= needed);
  }

  const Mentions& mentions_;
  People& people_;
  std::vector<Index> found_;  // kept for its memory
};

}  // namespace

void link(const Mentions& mentions, People& people) {
  Linker linker(mentions, people);
  linker.join_halves();
  linker.join_by_full_names();
  linker.join_by_forms();
  Derivation derivation(mentions, people);
  derivation.run();
  linker.assign_ambiguous(derivation);
  derivation.run();
  linker.bend();
  linker.join_leftovers();
}

}  // namespace fabula::dossier::identity

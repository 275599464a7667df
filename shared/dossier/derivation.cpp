#include "shared/dossier/derivation.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace fabula::dossier::identity {
namespace {

// A part of a name that more people than this could be meant by says nothing.
constexpr std::size_t kMostCandidates = 64;
constexpr int kMostRounds = 4;

class Derivation {
 public:
  Derivation(const Mentions& mentions, People& people) : mentions_(mentions), people_(people) {}

  // Joins whom it can, those with most records first; false when there was nobody.
  bool run_round() {
    index_people();
    bool has_changed = false;
    for (const auto person : order_) {
      if (people_.of(person) != person) continue;
      auto candidates = candidates_for(person);
      prefer_same_title(people_[person].profile, candidates);
      prefer_men_of_family(people_[person].profile, candidates);
      if (candidates.empty() || !are_compatible(candidates)) continue;
      auto best = candidates.front();
      for (const auto other : candidates) {
        if (other != best && people_.is_closer(person, other, best)) best = other;
      }
      if (has_rival(person, best)) continue;
      people_.join(person, best);
      has_changed = true;
    }
    return has_changed;
  }

 private:
  void index_people() {
    order_ = people_.all();
    std::sort(order_.begin(), order_.end(), [&](Index left, Index right) {
      const auto a = people_[left].records.size();
      const auto b = people_[right].records.size();
      return a != b ? a > b : left < right;
    });
    holders_.assign(mentions_.vocabulary.size(), {});
    given_.clear();
    for (const auto person : order_) {
      const auto& profile = people_[person].profile;
      for (const auto* words :
           {&profile.given, &profile.families, &profile.either, &profile.titles}) {
        for (const auto& entry : *words) holders_[entry.first].push_back(person);
      }
      for (const auto& entry : profile.given) given_.push_back(entry.first);
    }
    std::sort(given_.begin(), given_.end());
    given_.erase(std::unique(given_.begin(), given_.end()), given_.end());
  }

  // The people who have one of the words that `less` needs.
  std::vector<Index> holders_for(const Profile& less) const {
    std::vector<Index> found;
    const auto add = [&](Index word) {
      found.insert(found.end(), holders_[word].begin(), holders_[word].end());
    };
    if (!less.families.empty()) {
      for (const auto& entry : less.families) add(entry.first);
    } else if (!less.either.empty()) {
      for (const auto& entry : less.either) add(entry.first);
    } else if (!less.given.empty()) {
      for (const auto& entry : less.given) {
        add(entry.first);
        for (const auto word : given_) {
          if (word != entry.first && mentions_.vocabulary.is_same_given(entry.first, word)) {
            add(word);
          }
        }
      }
    } else {
      for (const auto& entry : less.posts) add(entry.first);
    }
    for (auto& person : found) person = people_.of(person);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  std::vector<Index> candidates_for(Index person) const {
    const auto& less = people_[person].profile;
    auto candidates = holders_for(less);
    if (candidates.size() > kMostCandidates) return {};
    const auto is_no_candidate = [&](Index other) {
      const auto& more = people_[other].profile;
      return more.knowledge() < less.knowledge() || !derives(mentions_.vocabulary, less, more) ||
             !people_.may_join(person, other);
    };
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), is_no_candidate),
                     candidates.end());
    return candidates;
  }

  // How much of a name makes `less` be `more`: the given name, a short form of it, less.
  int claim(const Profile& less, const Profile& more) const {
    if (less.given.meets(more.given)) return 2;
    return share_given(mentions_.vocabulary, less.given, more.given) ? 1 : 0;
  }

  // Whether somebody else, who is another person than `person`, can be `best` with as much reason:
  // Mr. Foxe is not Charles Foxe where there is a Charles beside him.
  bool has_rival(Index person, Index best) const {
    const auto& words = mentions_.vocabulary;
    const auto& mine = people_[person].profile;
    const auto& wanted = people_[best].profile;
    std::vector<Index> near;
    for (const auto* parts : {&wanted.given, &wanted.families, &wanted.either}) {
      for (const auto& entry : *parts) {
        const auto& holders = holders_[entry.first];
        if (holders.size() > kMostCandidates) return true;
        near.insert(near.end(), holders.begin(), holders.end());
      }
    }
    for (const auto word : given_) {
      for (const auto& entry : wanted.given) {
        if (word == entry.first || !words.is_same_given(word, entry.first)) continue;
        near.insert(near.end(), holders_[word].begin(), holders_[word].end());
      }
    }
    return std::any_of(near.begin(), near.end(), [&](Index holder) {
      const auto other = people_.of(holder);
      const auto& theirs = people_[other].profile;
      return other != person && other != best && theirs.knowledge() <= wanted.knowledge() &&
             claim(theirs, wanted) >= claim(mine, wanted) && derives(words, theirs, wanted) &&
             people_.may_join(other, best) && !people_.may_join(other, person);
    });
  }

  // Without those of whom `is_less` is true, if there are others.
  template <class Test>
  static void prefer(std::vector<Index>& candidates, Test&& is_less) {
    if (std::all_of(candidates.begin(), candidates.end(), is_less)) return;
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), is_less),
                     candidates.end());
  }

  // Of a Lady Catherine and a Catherine the first is who "Lady Catherine" is.
  void prefer_same_title(const Profile& less, std::vector<Index>& candidates) const {
    if (less.titles.empty()) return;
    prefer(candidates,
           [&](Index other) { return !less.titles.meets(people_[other].profile.titles); });
  }

  // A family name without a title is a man's, if there is one, in a book that calls women Miss and
  // Mrs.
  void prefer_men_of_family(const Profile& less, std::vector<Index>& candidates) const {
    if (!less.given.empty() || !less.titles.empty() || less.gender() != Gender::unknown) return;
    prefer(candidates,
           [&](Index other) { return people_[other].profile.gender() == Gender::female; });
  }

  // Whether all could be one person, so that it does not matter which is taken first.
  bool are_compatible(const std::vector<Index>& candidates) const {
    const auto& words = mentions_.vocabulary;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (auto j = i + 1; j < candidates.size(); ++j) {
        if (!people_.may_join(candidates[i], candidates[j])) return false;
        const auto& a = people_[candidates[i]].profile;
        const auto& b = people_[candidates[j]].profile;
        if (!derives(words, a, b) && !derives(words, b, a)) return false;
      }
    }
    return true;
  }

  const Mentions& mentions_;
  People& people_;
  std::vector<Index> order_;                 // all people
  std::vector<std::vector<Index>> holders_;  // of each word
  std::vector<Index> given_;                 // the words that are given names
};

}  // namespace

void derive(const Mentions& mentions, People& people) {
  Derivation derivation(mentions, people);
  for (int round = 0; round < kMostRounds && derivation.run_round(); ++round) continue;
}

}  // namespace fabula::dossier::identity

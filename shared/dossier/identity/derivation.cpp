#include "shared/dossier/identity/derivation.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "shared/dossier/identity/answers.hpp"

namespace fabula::dossier::identity {
namespace {

// A partial name that could mean more people than this is ignored.
constexpr std::size_t kMostCandidates = 64;
constexpr int kMostRounds = 4;
constexpr std::uint32_t kNobody = kNone - 1;

// Kinds of questions.
constexpr std::uint64_t kWhoseName = 1;
constexpr std::uint64_t kHasRival = 2;

std::array<CountsView, 4> words_of(const Profile& profile) {
  return {profile.given(), profile.families(), profile.either(), profile.titles()};
}

// Removes those for which `is_less` is true, if any others remain.
template <class Test>
void prefer(std::vector<Index>& candidates, Test&& is_less) {
  if (std::all_of(candidates.begin(), candidates.end(), is_less)) return;
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(), is_less), candidates.end());
}

}  // namespace

Derivation::Derivation(const Mentions& mentions, People& people)
    : mentions_(mentions),
      people_(people),
      changed_at_(mentions.vocabulary.size()),
      looks_(mentions.records.size()),
      like_(mentions.vocabulary.size()) {
  for (const auto person : people.all()) {
    for (const auto& entry : people[person].profile.given()) given_.push_back(entry.first);
  }
  std::sort(given_.begin(), given_.end());
  given_.erase(std::unique(given_.begin(), given_.end()), given_.end());
}

void Derivation::run() {
  for (int round = 0; round < kMostRounds && run_round(); ++round) continue;
}

// Joins whoever can be joined, those with most records first; false when nobody was.
bool Derivation::run_round() {
  index_people();
  const auto began = clock_;
  bool has_changed = false;
  for (const auto person : order_) {
    if (people_.of(person) != person || !is_to_be_looked_at(person)) continue;
    const auto first_word = look_words_.size();
    const auto best = find_whole(person);
    if (best == kNobody || has_rival(person, best)) {
      note_look(person, began, first_word);
      continue;
    }
    look_words_.resize(first_word);
    people_.join(person, best);
    note_change(people_.of(best));
    has_changed = true;
  }
  return has_changed;
}

// The words from `first_word` on belong to this look; those of an earlier look are reused.
void Derivation::note_look(Index person, std::uint64_t began, std::size_t first_word) {
  auto& look = looks_[person];
  const auto count = look_words_.size() - first_word;
  if (look.began != 0 && count <= look.word_count) {
    std::copy_n(look_words_.begin() + static_cast<std::ptrdiff_t>(first_word), count,
                look_words_.begin() + static_cast<std::ptrdiff_t>(look.first_word));
    look_words_.resize(first_word);
    first_word = look.first_word;
  }
  look = {began, first_word, count};
}

void Derivation::note_change(Index person) {
  ++clock_;
  looks_[person] = {};
  for (const auto words : words_of(people_[person].profile)) {
    for (const auto& entry : words) changed_at_[entry.first] = clock_;
  }
}

// A person who was not joined needs no new look until one of the bearers has changed.
bool Derivation::is_to_be_looked_at(Index person) const {
  const auto& look = looks_[person];
  if (look.began == 0) return true;
  const auto words = std::span(look_words_).subspan(look.first_word, look.word_count);
  return std::any_of(words.begin(), words.end(),
                     [&](Index word) { return changed_at_[word] > look.began; });
}

void Derivation::index_people() {
  order_ = people_.all();
  std::sort(order_.begin(), order_.end(), [&](Index left, Index right) {
    const auto a = people_[left].record_count;
    const auto b = people_[right].record_count;
    return a != b ? a > b : left < right;
  });
  auto& ends = ends_of_holders_;
  ends.assign(mentions_.vocabulary.size() + 1, 0);
  for (const auto person : order_) {
    for (const auto words : words_of(people_[person].profile)) {
      for (const auto& entry : words) ++ends[entry.first + 1];
    }
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  holders_.resize(ends.back());
  for (const auto person : order_) {
    for (const auto words : words_of(people_[person].profile)) {
      for (const auto& entry : words) holders_[ends[entry.first]++] = person;
    }
  }
}

std::span<const Index> Derivation::holders(Index word) const {
  const auto begin = word == 0 ? 0 : ends_of_holders_[word - 1];
  return std::span(holders_).subspan(begin, ends_of_holders_[word] - begin);
}

// The other given names that one person can have together with this one.
const std::vector<Index>& Derivation::like(Index given) {
  auto& words = like_[given];
  if (!words) {
    words.emplace();
    for (const auto word : given_) {
      if (word != given && mentions_.vocabulary.is_same_given(given, word)) words->push_back(word);
    }
  }
  return *words;
}

// Collects the bearers of the words from `first_word` on.
void Derivation::collect_bearers(std::size_t first_word) {
  auto& found = bearers_;
  found.clear();
  for (const auto word : std::span(look_words_).subspan(first_word)) {
    for (const auto holder : holders(word)) found.push_back(people_.of(holder));
  }
  if (found.size() < 2) return;
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

// Appends words of which at least one must be in a name that contains `less`.
void Derivation::append_words_for(const Profile& less) {
  auto& words = look_words_;
  const auto add = [&](CountsView counts) {
    for (const auto& entry : counts) words.push_back(entry.first);
  };
  if (!less.families().empty()) return add(less.families());
  if (!less.either().empty()) return add(less.either());
  if (less.given().empty()) return add(less.posts());
  add(less.given());
  for (const auto& entry : less.given()) {
    const auto& others = like(entry.first);
    words.insert(words.end(), others.begin(), others.end());
  }
}

// The person whose full name contains this person's name, or kNobody.
Index Derivation::find_whole(Index person) {
  const auto first_word = look_words_.size();
  append_words_for(people_[person].profile);
  collect_bearers(first_word);
  const auto& found = bearers_;
  if (found.size() > kMostCandidates) return kNobody;
  if (found.empty() || (found.size() == 1 && found.front() == person)) return kNobody;
  auto question = mixed(kWhoseName, people_[person].content);
  for (const auto other : found) question = mixed(question, people_[other].content);
  const auto place = mentions_.answers.of(question, [&] { return choose(person); });
  return place == kNobody ? kNobody : found[place];
}

// The index of the best candidate among the bearers.
std::uint32_t Derivation::choose(Index person) const {
  const auto& words = mentions_.vocabulary;
  const auto& less = people_[person].profile;
  auto candidates = bearers_;
  const auto is_no_candidate = [&](Index other) {
    const auto& more = people_[other].profile;
    return more.knowledge() < less.knowledge() || !derives(words, less, more) ||
           !people_.may_join(person, other);
  };
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(), is_no_candidate),
                   candidates.end());
  // Between a Lady Catherine and a Catherine, "Lady Catherine" means the first.
  if (!less.titles().empty()) {
    prefer(candidates,
           [&](Index other) { return !less.titles().meets(people_[other].profile.titles()); });
  }
  // A family name without a title means a man, if there is one, in a book that calls women Miss and
  // Mrs.
  if (less.given().empty() && less.titles().empty() && less.gender() == Gender::unknown) {
    prefer(candidates,
           [&](Index other) { return people_[other].profile.gender() == Gender::female; });
  }
  if (candidates.empty() || !are_compatible(candidates)) return kNobody;
  auto best = candidates.front();
  for (const auto other : candidates) {
    if (other != best && people_.is_closer(person, other, best)) best = other;
  }
  return static_cast<std::uint32_t>(std::find(bearers_.begin(), bearers_.end(), best) -
                                    bearers_.begin());
}

// Whether all could be one person, so that it does not matter which is joined first.
bool Derivation::are_compatible(const std::vector<Index>& candidates) const {
  const auto& words = mentions_.vocabulary;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    for (auto j = i + 1; j < candidates.size(); ++j) {
      const auto& a = people_[candidates[i]].profile;
      const auto& b = people_[candidates[j]].profile;
      if (!derives(words, a, b) && !derives(words, b, a)) return false;
      if (!people_.may_join(candidates[i], candidates[j])) return false;
    }
  }
  return true;
}

// How strong a part of the name suggests that `less` is `more`: the given name, a short form of it,
// less.
int Derivation::claim(const Profile& less, const Profile& more) const {
  if (less.given().meets(more.given())) return 2;
  return share_given(mentions_.vocabulary, less.given(), more.given()) ? 1 : 0;
}

// Whether somebody who is not `person` can be `best` with as much reason: Mr. Foxe is not Charles
// Foxe if there is also a Charles.
bool Derivation::has_rival(Index person, Index best) {
  const auto& wanted = people_[best].profile;
  const auto first_word = look_words_.size();
  bool is_common = false;
  for (const auto part : {wanted.given(), wanted.families(), wanted.either()}) {
    for (const auto& entry : part) {
      look_words_.push_back(entry.first);
      is_common = is_common || holders(entry.first).size() > kMostCandidates;
    }
  }
  for (const auto& entry : wanted.given()) {
    const auto& others = like(entry.first);
    look_words_.insert(look_words_.end(), others.begin(), others.end());
  }
  if (is_common) return true;
  collect_bearers(first_word);
  const auto& near = bearers_;
  auto question = mixed(mixed(kHasRival, people_[person].content), people_[best].content);
  for (const auto other : near) question = mixed(question, people_[other].content);
  return mentions_.answers.of(question, [&]() -> std::uint32_t {
    return std::any_of(near.begin(), near.end(),
                       [&](Index other) { return is_rival(other, person, best); });
  });
}

bool Derivation::is_rival(Index other, Index person, Index best) const {
  if (other == person || other == best) return false;
  const auto& words = mentions_.vocabulary;
  const auto& mine = people_[person].profile;
  const auto& theirs = people_[other].profile;
  const auto& wanted = people_[best].profile;
  return theirs.knowledge() <= wanted.knowledge() && claim(theirs, wanted) >= claim(mine, wanted) &&
         derives(words, theirs, wanted) && people_.may_join(other, best) &&
         !people_.may_join(other, person);
}

}  // namespace fabula::dossier::identity

#include "shared/dossier/identity/evidence.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "shared/dossier/identity/meetings.hpp"
#include "shared/dossier/identity/profile.hpp"

namespace fabula::dossier::identity {
namespace {

// Kinds of questions.
constexpr std::uint64_t kIsAlias = 3;
constexpr std::uint64_t kHasSeveralBearers = 4;

// The number of deliveries in which one record lists both.
Index listed_together(const Mentions& mentions, Index f, Index g) {
  Index count = 0;
  Index last = kNone;
  for (const auto r : mentions.forms[f].records) {
    const auto& record = mentions.records[r];
    if (std::find(record.listed.begin(), record.listed.end(), g) == record.listed.end()) continue;
    if (record.delivery != last) ++count;
    last = record.delivery;
  }
  return count;
}

// The profile of a form together with the forms that are repeatedly listed with it.
Profile known_of(const Mentions& mentions, Index f) {
  Counts together;
  for (const auto r : mentions.forms[f].records) {
    for (const auto other : mentions.records[r].listed) together.add(other);
  }
  Profile profile;
  for (const auto& [other, count] : together.view()) {
    if (other == f || count >= 2) profile.add(mentions, other);
  }
  return profile;
}

// An alias that contradicts the name, by itself or through other facts about its bearer, belongs to
// another person and was mixed in by an extraction, unless several deliveries agree.
class Aliases {
 public:
  explicit Aliases(Mentions& mentions)
      : mentions_(mentions), known_(mentions.forms.size()), bearers_(mentions.forms.size()) {
    for (Index f = 0; f < bearers_.size(); ++f) {
      for (const auto r : mentions.forms[f].records) {
        const auto& record = mentions.records[r];
        bearers_[f] = mixed(bearers_[f], record.delivery);
        for (const auto other : record.listed) {
          bearers_[f] = mixed(bearers_[f], mentions.forms[other].content);
        }
      }
    }
  }

  void accept() {
    for (auto& record : mentions_.records) {
      if (record.listed.size() < 2) continue;
      std::uint64_t question = kIsAlias;
      for (const auto f : record.listed) {
        question = mixed(mixed(question, mentions_.forms[f].content), bearers_[f]);
      }
      if (record.quoted != kNone) {
        question = mixed(question, mentions_.forms[record.quoted].content);
      }
      const auto accepted = mentions_.answers.of(question, [&] { return find_accepted(record); });
      std::size_t count = 1;
      for (std::size_t i = 1; i < record.listed.size(); ++i) {
        if ((accepted >> i & 1U) != 0) record.forms[count++] = record.listed[i];
      }
      record.forms = record.forms.first(count);
    }
    mentions_.index_forms();
  }

 private:
  // The accepted forms as bits, by their index among those listed.
  std::uint32_t find_accepted(const Record& record) {
    static_assert(kMaximumNamesOfRecord < 32);
    std::uint32_t accepted = 1;
    const auto& words = mentions_.vocabulary;
    const auto name = record.listed.front();
    auto profile = profile_of(mentions_, std::span(&name, 1));
    for (std::size_t i = 1; i < record.listed.size(); ++i) {
      const auto f = record.listed[i];
      const Profile alias = profile_of(mentions_, std::span(&f, 1));
      const bool is_other = contradict(words, profile, alias) ||
                            contradict(words, profile, known(f)) ||
                            contradict(words, known(name), known(f));
      // The text itself uses this name.
      const bool is_quoted = f == record.quoted;
      const bool is_said_of = is_quoted || is_end_of(f, name);
      if (is_other && !is_said_of && listed_together(mentions_, name, f) < 2) continue;
      accepted |= std::uint32_t{1} << i;
      profile.add(alias);
    }
    return accepted;
  }

  // Whether the alias is the name without its first words, such as "Beth Collier" of "Mary Beth
  // Collier": somebody may be called by the second given name.
  bool is_end_of(Index f, Index name) const {
    const auto words = mentions_.forms[f].words;
    const auto whole = mentions_.forms[name].words;
    return words.size() > 1 && words.size() < whole.size() &&
           std::equal(words.rbegin(), words.rend(), whole.rbegin());
  }

  const Profile& known(Index f) {
    if (!known_[f]) known_[f] = std::make_unique<Profile>(known_of(mentions_, f));
    return *known_[f];
  }

  Mentions& mentions_;
  std::vector<std::unique_ptr<Profile>> known_;
  std::vector<std::uint64_t> bearers_;  // for each form: a fingerprint of its bearers
};

bool has_same_words(const Mentions& mentions, Index f, Index g) {
  const auto words = mentions.forms[f].words;
  const auto others = mentions.forms[g].words;
  return !words.empty() && std::equal(words.begin(), words.end(), others.begin(), others.end());
}

// Two entries of a delivery are one person whom an extraction has split if deliveries list the
// names of both together several times as often as apart, and nothing else contradicts it. Returns
// whether there are any.
bool find_halves(Mentions& mentions, const MeetingTable& meetings) {
  std::vector<std::pair<Index, Index>> halves;
  for (const auto& [f, g, count] : meetings.all()) {
    const Index factor = has_same_words(mentions, f, g) ? 2 : 3;
    if (count.apart == 0 || count.apart * factor > count.together) continue;
    append_apart(mentions, f, g, halves);
  }
  std::sort(halves.begin(), halves.end());
  bool has_found = false;
  for (const auto& [first, second] : halves) {
    const auto a = mentions.whole_of(first);
    const auto b = mentions.whole_of(second);
    if (a == b) continue;
    if (contradict(mentions.vocabulary, profile_of(mentions, mentions.records[first].forms),
                   profile_of(mentions, mentions.records[second].forms))) {
      continue;
    }
    mentions.records[std::max(a, b)].other_half = std::min(a, b);
    has_found = true;
  }
  return has_found;
}

// If one record has two names that often belong to two people in one delivery, the vaguer one is no
// evidence there: sometimes a son is called by his father's name. The exception is another name
// that itself belongs to two people, which explains why they meet. Returns the forms of the changed
// records.
std::vector<Index> drop_shared_forms(Mentions& mentions, const MeetingTable& meetings) {
  std::vector<Index> concerned;
  std::vector<Index> dropped;
  for (auto& record : mentions.records) {
    dropped.clear();
    for (std::size_t i = 0; i < record.forms.size(); ++i) {
      for (std::size_t j = i + 1; j < record.forms.size(); ++j) {
        auto vague = record.forms[j];
        auto other = record.forms[i];
        if (mentions.specificity(other) < mentions.specificity(vague)) std::swap(vague, other);
        const auto count = meetings.of(vague, other);
        const Index factor = has_same_words(mentions, vague, other) ? 1 : 2;
        if (count.apart * factor <= count.together) continue;
        if (mentions.forms[other].is_ambiguous || doubling_of(mentions, other).doubled > 0)
          continue;
        dropped.push_back(vague);
      }
    }
    if (dropped.empty()) continue;
    concerned.insert(concerned.end(), record.forms.begin(), record.forms.end());
    for (const auto f : dropped) {
      auto& forms = record.forms;
      if (forms.size() < 2) break;
      const auto end = std::remove(forms.begin(), forms.end(), f);
      forms = forms.first(static_cast<std::size_t>(end - forms.begin()));
    }
  }
  if (concerned.empty()) return concerned;
  mentions.index_forms();
  std::sort(concerned.begin(), concerned.end());
  concerned.erase(std::unique(concerned.begin(), concerned.end()), concerned.end());
  return concerned;
}

// Whether the other facts about the records with the form cannot be about one person.
bool has_several_bearers(const Mentions& mentions, Index f) {
  constexpr std::size_t kMostBearers = 8;
  const auto& form = mentions.forms[f];
  std::vector<std::pair<Profile, Index>> bearers;
  Index records = 0;
  for (const auto r : form.records) {
    const auto forms = mentions.records[r].forms;
    std::vector<Index> rest(forms.begin(), forms.end());
    if (rest.size() < 2) continue;
    if (form.given == kNone) rest.erase(std::remove(rest.begin(), rest.end(), f), rest.end());
    const auto profile = profile_of(mentions, rest);
    ++records;
    const auto same = std::find_if(bearers.begin(), bearers.end(), [&](const auto& bearer) {
      return !contradict(mentions.vocabulary, bearer.first, profile);
    });
    if (same != bearers.end()) {
      same->first.add(profile);
      ++same->second;
    } else if (bearers.size() < kMostBearers) {
      bearers.emplace_back(profile, 1);
    }
  }
  if (bearers.size() < 2) return false;
  Index largest = 0;
  for (const auto& bearer : bearers) largest = std::max(largest, bearer.second);
  // One against many is an error of an extraction.
  return (records - largest) * 4 >= largest;
}

bool knows_several_bearers(const Mentions& mentions, Index f) {
  auto question = mixed(kHasSeveralBearers, mentions.forms[f].content);
  Index records = 0;
  for (const auto r : mentions.forms[f].records) {
    const auto& forms = mentions.records[r].forms;
    if (forms.size() < 2) continue;
    ++records;
    question = mixed(question, forms.size());
    for (const auto other : forms) question = mixed(question, mentions.forms[other].content);
  }
  return records > 1 && mentions.answers.of(question, [&]() -> std::uint32_t {
    return has_several_bearers(mentions, f);
  }) != 0;
}

bool is_ambiguous(const Mentions& mentions, Index f) {
  const auto& form = mentions.forms[f];
  // "Papa" depends on the speaker.
  if (form.name->kind == NameKind::role && form.name->title == Title::kin) return true;
  const auto doubling = doubling_of(mentions, f);
  // Two entries with the same full name are more likely an error than two people.
  const bool is_doubled = !form.is_full() && doubling.doubled * 5 > doubling.deliveries;
  return is_doubled || knows_several_bearers(mentions, f);
}

}  // namespace

void weigh(Mentions& mentions) {
  Aliases(mentions).accept();
  MeetingTable meetings(mentions);
  if (find_halves(mentions, meetings)) meetings = MeetingTable(mentions);
  for (Index f = 0; f < mentions.forms.size(); ++f) {
    mentions.forms[f].is_ambiguous = is_ambiguous(mentions, f);
  }
  for (const auto f : drop_shared_forms(mentions, meetings)) {
    mentions.forms[f].is_ambiguous = is_ambiguous(mentions, f);
  }
}

}  // namespace fabula::dossier::identity

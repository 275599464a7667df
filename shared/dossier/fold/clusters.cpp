#include "shared/dossier/fold/clusters.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "shared/dossier/fold/decisions.hpp"
#include "shared/dossier/identity/identity.hpp"
#include "shared/dossier/identity/things.hpp"
#include "shared/dossier/log/field.hpp"

namespace fabula::dossier {
namespace {

// Kinds of numbers in a fingerprint.
constexpr std::uint64_t kIsName = std::uint64_t{1} << 63U;
constexpr std::uint64_t kIsQuoted = std::uint64_t{1} << 62U;
constexpr std::uint64_t kIsSame = std::uint64_t{3} << 62U;
constexpr std::uint64_t kIsDifferent = kIsSame + 1;

// The input of identify_people, with the texts that it refers to.
class IdentityQuestion {
 public:
  IdentityQuestion(const Log& log, const std::vector<Status>& activity, const Records& records)
      : log_(log), decisions_(find_decisions(log, activity, records)) {
    for (std::uint32_t slot = 0; slot < log.slots.size(); ++slot) {
      if (records.of_slots[slot].counts) slots_.push_back(slot);
    }
    const auto first_mention = [&](std::uint32_t slot) {
      return log.ranks[records.of_slots[slot].mention];
    };
    const auto is_before = [&](std::uint32_t a, std::uint32_t b) {
      return first_mention(a) < first_mention(b);
    };
    if (!std::is_sorted(slots_.begin(), slots_.end(), is_before)) {
      std::sort(slots_.begin(), slots_.end(), is_before);
    }
    collect_names(activity, records);
    collect_quotes(activity);
    order_deliveries();
    for (const auto slot : slots_) mentions_.push_back(records.of_slots[slot].mention);
  }

  // Two equal fingerprints mean the same result.
  std::vector<std::uint64_t> fingerprint() const;

  Clusters answer(PreparedPeople& people) const;

 private:
  void collect_names(const std::vector<Status>& activity, const Records& records);
  void collect_quotes(const std::vector<Status>& activity);
  Quotes quotes_of(std::size_t place) const;
  void order_deliveries();
  std::span<const EntryIndex> further_names(std::uint32_t slot) const;
  std::vector<std::string> names_besides(std::uint32_t slot, const Entry& mention) const;
  std::uint64_t key_of(std::size_t place) const;
  void prepare_people(const std::vector<std::size_t>& places, PreparedPeople& people) const;
  void answer_for(Type type, PreparedPeople& people, Clusters& clusters) const;

  const Log& log_;
  std::vector<SlotDecision> decisions_;
  std::vector<std::uint32_t> slots_;  // the slots that count, by first mention
  std::vector<EntryIndex> mentions_;  // for each of slots_
  // For each slot its further names: from other mentions in the same answer, renamings, and
  // persons.
  std::vector<EntryIndex> further_names_;
  std::vector<std::uint32_t> ends_of_names_;  // for each slot
  // For each slot its facts with quotes from the text.
  std::vector<EntryIndex> quoted_;
  std::vector<std::uint32_t> ends_of_quoted_;  // for each slot
  std::vector<std::uint32_t> delivery_orders_;
};

void IdentityQuestion::collect_names(const std::vector<Status>& activity, const Records& records) {
  std::vector<EntryIndex> last_set(log_.slots.size(), kNoEntry);
  std::vector<std::pair<std::uint32_t, EntryIndex>> found;
  for (const auto index : log_.order) {
    if (activity[index] != Status::shown) continue;
    const Entry& entry = log_.entries[index];
    const Links& links = log_.links[index];
    const auto target = records.targets[index];
    if (entry.act == Act::mention && records.of_slots[links.slot].mention != index) {
      found.emplace_back(links.slot, index);
    } else if (entry.act == Act::rename) {
      found.emplace_back(links.slot, index);
    } else if (entry.act == Act::set && links.field == field::kName && target != kNone) {
      last_set[target] = entry.has_value ? index : kNoEntry;
    } else if (entry.act == Act::list && links.field == field::kAliases && target != kNone &&
               entry.is) {
      found.emplace_back(target, index);
    }
  }
  for (std::uint32_t slot = 0; slot < last_set.size(); ++slot) {
    if (last_set[slot] != kNoEntry) found.emplace_back(slot, last_set[slot]);
  }
  ends_of_names_.assign(log_.slots.size() + 1, 0);
  for (const auto& [slot, index] : found) ++ends_of_names_[slot + 1];
  std::partial_sum(ends_of_names_.begin(), ends_of_names_.end(), ends_of_names_.begin());
  further_names_.resize(found.size());
  for (const auto& [slot, index] : found) further_names_[ends_of_names_[slot]++] = index;
}

// A quote may contain a person's full name where only a part is given as the name.
void IdentityQuestion::collect_quotes(const std::vector<Status>& activity) {
  const auto slot_of_quote = [&](EntryIndex index) {
    const Entry& entry = log_.entries[index];
    const bool is_quoted = activity[index] == Status::shown && !entry.quote.empty() &&
                           (entry.act == Act::fact || entry.act == Act::relation);
    return is_quoted ? log_.links[index].slot : kNone;
  };
  ends_of_quoted_.assign(log_.slots.size() + 1, 0);
  for (const auto index : log_.order) {
    if (const auto slot = slot_of_quote(index); slot != kNone) ++ends_of_quoted_[slot + 1];
  }
  std::partial_sum(ends_of_quoted_.begin(), ends_of_quoted_.end(), ends_of_quoted_.begin());
  quoted_.resize(ends_of_quoted_.back());
  for (const auto index : log_.order) {
    if (const auto slot = slot_of_quote(index); slot != kNone) {
      quoted_[ends_of_quoted_[slot]++] = index;
    }
  }
}

Quotes IdentityQuestion::quotes_of(std::size_t place) const {
  Quotes quotes;
  const auto& mention = log_.entries[mentions_[place]];
  if (!mention.quote.empty()) quotes.push_back(mention.quote);
  const auto slot = slots_[place];
  for (auto at = slot == 0 ? 0 : ends_of_quoted_[slot - 1]; at < ends_of_quoted_[slot]; ++at) {
    quotes.push_back(log_.entries[quoted_[at]].quote);
  }
  return quotes;
}

std::span<const EntryIndex> IdentityQuestion::further_names(std::uint32_t slot) const {
  const auto begin = slot == 0 ? 0 : ends_of_names_[slot - 1];
  return std::span(further_names_).subspan(begin, ends_of_names_[slot] - begin);
}

void IdentityQuestion::order_deliveries() {
  delivery_orders_.assign(log_.deliveries.size(), kNone);
  std::uint32_t count = 0;
  for (const auto slot : slots_) {
    auto& order = delivery_orders_[log_.slots[slot].delivery];
    if (order == kNone) order = count++;
  }
}

std::vector<std::uint64_t> IdentityQuestion::fingerprint() const {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(2 * slots_.size() + quoted_.size() + 2 * decisions_.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    numbers.push_back((std::uint64_t{slots_[i]} << 32U) | mentions_[i]);
    for (const auto name : further_names(slots_[i])) numbers.push_back(kIsName | name);
  }
  for (const auto fact : quoted_) numbers.push_back(kIsQuoted | fact);
  for (const auto& decision : decisions_) {
    numbers.push_back((std::uint64_t{decision.first} << 32U) | decision.second);
    numbers.push_back(decision.is_same ? kIsSame : kIsDifferent);
  }
  return numbers;
}

// Names from persons and renamings come first: of very many names the rest is ignored.
std::vector<std::string> IdentityQuestion::names_besides(std::uint32_t slot,
                                                         const Entry& mention) const {
  std::vector<std::string> names;
  for (const auto index : further_names(slot)) {
    const Entry& entry = log_.entries[index];
    names.push_back(entry.text);
    if (entry.act == Act::rename) names.push_back(entry.other);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  names.insert(names.end(), mention.aliases.begin(), mention.aliases.end());
  return names;
}

std::uint64_t IdentityQuestion::key_of(std::size_t place) const {
  std::uint64_t key = mixed(1, mentions_[place]);
  for (const auto index : further_names(slots_[place])) key = mixed(key, index);
  return key;
}

// New records are mostly at the end: those with an unchanged position are kept.
void IdentityQuestion::prepare_people(const std::vector<std::size_t>& places,
                                      PreparedPeople& people) const {
  std::vector<std::uint64_t> keys;
  keys.reserve(places.size());
  for (const auto place : places) keys.push_back(key_of(place));
  auto& records = people.records;
  const auto [first_new, first_old] =
      std::mismatch(keys.begin(), keys.end(), people.keys.begin(), people.keys.end());
  const auto same = first_new - keys.begin();
  std::vector<PreparedRecord> old(std::make_move_iterator(records.begin() + same),
                                  std::make_move_iterator(records.end()));
  records.erase(records.begin() + same, records.end());
  NumberTable known;
  for (auto key = first_old; key != people.keys.end(); ++key) {
    known.set(*key, static_cast<std::uint32_t>(key - first_old));
  }
  for (auto i = records.size(); i < places.size(); ++i) {
    const auto before = known.find(keys[i]);
    if (before != kNone) {
      records.push_back(std::move(old[before]));
      continue;
    }
    const auto slot = slots_[places[i]];
    const Entry& mention = log_.entries[mentions_[places[i]]];
    const auto id = digest_text(mention.id);
    const auto names = names_besides(slot, mention);
    records.push_back(
        prepare({id, log_.deliveries.at(log_.slots[slot].delivery), 0, mention.text, names}));
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    records[i].order = delivery_orders_[log_.slots[slots_[places[i]]].delivery];
  }
  people.keys = std::move(keys);
}

void IdentityQuestion::answer_for(Type type, PreparedPeople& people, Clusters& clusters) const {
  std::vector<std::uint32_t> places_of_slots(log_.slots.size(), kNone);
  std::vector<std::uint32_t> slots;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (log_.slots[slots_[i]].type != type) continue;
    places_of_slots[slots_[i]] = static_cast<std::uint32_t>(slots.size());
    slots.push_back(slots_[i]);
    places.push_back(i);
  }
  std::vector<IdentityDecision> decisions;
  for (const auto& decision : decisions_) {
    const auto first = places_of_slots[decision.first];
    const auto second = places_of_slots[decision.second];
    if (first != kNone && second != kNone) decisions.push_back({first, second, decision.is_same});
  }
  std::vector<std::uint32_t> numbers;
  if (type == log_.ontology().people) {
    prepare_people(places, people);
    std::vector<Quotes> quotes;
    quotes.reserve(places.size());
    for (const auto place : places) quotes.push_back(quotes_of(place));
    numbers = identify_people(std::span<const PreparedRecord>(people.records), decisions,
                              people.answers, quotes);
  } else {
    std::vector<ThingRecord> things;
    for (const auto place : places) {
      const Entry& mention = log_.entries[mentions_[place]];
      things.push_back({mention.text, names_besides(slots_[place], mention), quotes_of(place)});
    }
    numbers = identify_things(things, decisions);
  }
  // Renumbered by the first mention that counts, which is the order of slots_.
  std::vector<std::uint32_t> found(slots.size(), kNone);
  std::vector<std::uint32_t> sizes(slots.size());
  for (const auto number : numbers) ++sizes[number];
  for (std::size_t i = 0; i < slots.size(); ++i) {
    auto& cluster = found[numbers[i]];
    if (cluster == kNone) {
      cluster = static_cast<std::uint32_t>(clusters.all.size());
      clusters.all.push_back({type, {}});
      clusters.all.back().slots.reserve(sizes[numbers[i]]);
    }
    clusters.all[cluster].slots.push_back(slots[i]);
    clusters.of_slots[slots[i]] = cluster;
  }
}

Clusters IdentityQuestion::answer(PreparedPeople& people) const {
  Clusters clusters;
  clusters.of_slots.assign(log_.slots.size(), kNone);
  for (std::size_t i = 0; i < log_.ontology().types.size(); ++i) {
    const auto type = static_cast<Type>(i);
    if (log_.ontology().is_entity(type)) answer_for(type, people, clusters);
  }
  return clusters;
}

}  // namespace

const Clusters& ClusterFinder::find(const Log& log, const std::vector<Status>& activity,
                                    const Records& records) {
  const IdentityQuestion question(log, activity, records);
  auto fingerprint = question.fingerprint();
  if (fingerprint.empty() || fingerprint != last_question_) {
    last_ = question.answer(people_);
    last_question_ = std::move(fingerprint);
  }
  last_.of_slots.resize(log.slots.size(), kNone);
  return last_;
}

}  // namespace fabula::dossier

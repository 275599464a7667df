#include "shared/dossier/clusters.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/dossier/decisions.hpp"
#include "shared/dossier/field.hpp"
#include "shared/dossier/identity.hpp"
#include "shared/dossier/things.hpp"

namespace fabula::dossier {
namespace {

// Kinds of numbers in a fingerprint.
constexpr std::uint64_t kIsName = std::uint64_t{1} << 63U;
constexpr std::uint64_t kIsSame = std::uint64_t{3} << 62U;
constexpr std::uint64_t kIsDifferent = kIsSame + 1;

// What is asked of identify_people, with the texts that it looks at.
class IdentityQuestion {
 public:
  IdentityQuestion(const Log& log, const std::vector<Status>& activity, const Records& records)
      : log_(log),
        decisions_(find_decisions(log, activity, records)),
        further_names_(log.slots.size()) {
    for (std::uint32_t slot = 0; slot < log.slots.size(); ++slot) {
      if (records.of_slots[slot].counts) slots_.push_back(slot);
    }
    const auto first_mention = [&](std::uint32_t slot) {
      return log.ranks[records.of_slots[slot].mention];
    };
    std::sort(slots_.begin(), slots_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return first_mention(a) < first_mention(b);
    });
    collect_names(activity, records);
    order_deliveries();
    for (const auto slot : slots_) mentions_.push_back(records.of_slots[slot].mention);
  }

  // Equal for questions with the same answer.
  std::vector<std::uint64_t> fingerprint() const;

  Clusters answer(PreparedPeople& people) const;

 private:
  void collect_names(const std::vector<Status>& activity, const Records& records);
  void order_deliveries();
  std::vector<std::string> names_besides(std::uint32_t slot, const Entry& mention) const;
  std::uint64_t key_of(std::size_t place) const;
  void answer_for(Type type, PreparedPeople& people, Clusters& clusters) const;

  const Log& log_;
  std::vector<SlotDecision> decisions_;
  std::vector<std::uint32_t> slots_;  // those that count, by first mention
  std::vector<EntryIndex> mentions_;  // of each of slots_
  // By slot: what else it is called, by other mentions of the same answer, renaming, and persons.
  std::vector<std::vector<EntryIndex>> further_names_;
  std::vector<std::uint32_t> delivery_orders_;
};

void IdentityQuestion::collect_names(const std::vector<Status>& activity, const Records& records) {
  std::vector<EntryIndex> last_set(log_.slots.size(), kNoEntry);
  for (const auto index : log_.order) {
    if (activity[index] != Status::shown) continue;
    const Entry& entry = log_.entries[index];
    const Links& links = log_.links[index];
    const auto target = records.targets[index];
    if (entry.act == Act::mention && records.of_slots[links.slot].mention != index) {
      further_names_[links.slot].push_back(index);
    } else if (entry.act == Act::rename) {
      further_names_[links.slot].push_back(index);
    } else if (entry.act == Act::set && links.field == field::kName && target != kNone) {
      last_set[target] = entry.has_value ? index : kNoEntry;
    } else if (entry.act == Act::list && links.field == field::kAliases && target != kNone &&
               entry.is) {
      further_names_[target].push_back(index);
    }
  }
  for (std::size_t slot = 0; slot < last_set.size(); ++slot) {
    if (last_set[slot] != kNoEntry) further_names_[slot].push_back(last_set[slot]);
  }
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
  numbers.reserve(2 * slots_.size() + 2 * decisions_.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    numbers.push_back((std::uint64_t{slots_[i]} << 32U) | mentions_[i]);
    for (const auto name : further_names_[slots_[i]]) numbers.push_back(kIsName | name);
  }
  for (const auto& decision : decisions_) {
    numbers.push_back((std::uint64_t{decision.first} << 32U) | decision.second);
    numbers.push_back(decision.is_same ? kIsSame : kIsDifferent);
  }
  return numbers;
}

// Persons' names and renamings stand first: of very many names the rest is not looked at.
std::vector<std::string> IdentityQuestion::names_besides(std::uint32_t slot,
                                                         const Entry& mention) const {
  std::vector<std::string> names;
  for (const auto index : further_names_[slot]) {
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
  for (const auto index : further_names_[slots_[place]]) key = mixed(key, index);
  return key;
}

void IdentityQuestion::answer_for(Type type, PreparedPeople& people, Clusters& clusters) const {
  std::vector<std::uint32_t> places_of_slots(log_.slots.size(), kNone);
  std::vector<std::uint32_t> slots;
  std::vector<ThingRecord> things;
  PreparedPeople next;
  if (type == Type::character) next.answers = std::move(people.answers);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto slot = slots_[i];
    if (log_.slots[slot].type != type) continue;
    places_of_slots[slot] = static_cast<std::uint32_t>(slots.size());
    slots.push_back(slot);
    const Entry& mention = log_.entries[mentions_[i]];
    if (type != Type::character) {
      things.push_back({mention.text, names_besides(slot, mention)});
      continue;
    }
    const auto order = delivery_orders_[log_.slots[slot].delivery];
    const auto key = key_of(i);
    const auto known = people.by_key.find(key);
    next.by_key.set(key, static_cast<std::uint32_t>(next.records.size()));
    if (known != kNone) {
      next.records.push_back(std::move(people.records[known]));
      next.records.back().order = order;
      continue;
    }
    const auto id = digest_text(mention.id);
    const auto names = names_besides(slot, mention);
    next.records.push_back(
        prepare({id, log_.deliveries.at(log_.slots[slot].delivery), order, mention.text, names}));
  }
  std::vector<IdentityDecision> decisions;
  for (const auto& decision : decisions_) {
    const auto first = places_of_slots[decision.first];
    const auto second = places_of_slots[decision.second];
    if (first != kNone && second != kNone) decisions.push_back({first, second, decision.is_same});
  }
  const auto numbers =
      type == Type::character
          ? identify_people(std::span<const PreparedRecord>(next.records), decisions, next.answers)
          : identify_things(things, decisions);
  if (type == Type::character) people = std::move(next);
  // Numbered anew by the first mention that counts, which is the order of slots_.
  std::vector<std::uint32_t> found(slots.size(), kNone);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    auto& cluster = found[numbers[i]];
    if (cluster == kNone) {
      cluster = static_cast<std::uint32_t>(clusters.all.size());
      clusters.all.push_back({type, {}});
    }
    clusters.all[cluster].slots.push_back(slots[i]);
    clusters.of_slots[slots[i]] = cluster;
  }
}

Clusters IdentityQuestion::answer(PreparedPeople& people) const {
  Clusters clusters;
  clusters.of_slots.assign(log_.slots.size(), kNone);
  for (const Type type : {Type::character, Type::location, Type::object}) {
    answer_for(type, people, clusters);
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

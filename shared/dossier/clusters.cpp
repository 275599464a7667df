#include "shared/dossier/clusters.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "shared/dossier/decisions.hpp"
#include "shared/dossier/field.hpp"
#include "shared/dossier/folding.hpp"
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
    follow_renames();
  }

  // Equal for questions with the same answer.
  std::vector<std::uint64_t> fingerprint() const;

  Clusters answer(std::vector<PreparedSlot>& prepared) const;

 private:
  void collect_names(const std::vector<Status>& activity, const Records& records);
  void order_deliveries();
  void follow_renames();
  void answer_for(Type type, std::vector<PreparedSlot>& prepared, Clusters& clusters) const;
  PersonRecord record_of(std::size_t place, std::string& id, std::vector<std::string>& names) const;
  std::vector<std::uint32_t> identify_characters(std::span<const std::size_t> places,
                                                 std::span<const IdentityDecision> decisions,
                                                 std::vector<PreparedSlot>& prepared) const;
  std::vector<std::uint32_t> identify_others(std::span<const std::size_t> places,
                                             std::span<const IdentityDecision> decisions) const;

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

// Who is renamed is whoever was called so last, though the new name is nothing like the old one.
// Where one delivery has two of that name, names alone decide.
void IdentityQuestion::follow_renames() {
  struct Bearer {
    std::uint32_t slot;
    std::uint32_t delivery;
    bool is_alone;
  };
  std::map<std::string, Bearer> bearers;
  const auto bear = [&](std::uint32_t slot, std::string_view name) {
    const auto delivery = log_.slots[slot].delivery;
    const auto [at, is_new] = bearers.try_emplace(fold(name), Bearer{slot, delivery, true});
    if (is_new || at->second.slot == slot) return;
    at->second = {slot, delivery, at->second.delivery != delivery};
  };
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto slot = slots_[i];
    if (log_.slots[slot].type != Type::character) continue;
    const Entry& mention = log_.entries[mentions_[i]];
    for (const auto index : further_names_[slot]) {
      const Entry& entry = log_.entries[index];
      if (entry.act != Act::rename) continue;
      const auto bearer = bearers.find(fold(entry.text));  // from
      if (bearer == bearers.end() || !bearer->second.is_alone) continue;
      if (bearer->second.delivery == log_.slots[slot].delivery) continue;
      decisions_.push_back({bearer->second.slot, slot, true});
    }
    bear(slot, mention.text);
    for (const auto& alias : mention.aliases) bear(slot, alias);
    for (const auto index : further_names_[slot]) {
      const Entry& entry = log_.entries[index];
      bear(slot, entry.act == Act::rename ? entry.other : entry.text);
    }
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

// What slots_[place] is called. The views are of the log, of `id` and of `names`.
PersonRecord IdentityQuestion::record_of(std::size_t place, std::string& id,
                                         std::vector<std::string>& names) const {
  const auto slot = slots_[place];
  const Entry& mention = log_.entries[mentions_[place]];
  id = digest_text(mention.id);
  PersonRecord record;
  record.id = id;
  record.delivery = log_.deliveries.at(log_.slots[slot].delivery);
  record.order = delivery_orders_[log_.slots[slot].delivery];
  record.name = mention.text;
  record.aliases = mention.aliases;
  if (further_names_[slot].empty()) return record;
  names = mention.aliases;
  for (const auto index : further_names_[slot]) {
    const Entry& entry = log_.entries[index];
    names.push_back(entry.text);
    if (entry.act == Act::rename) names.push_back(entry.other);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  record.aliases = names;
  return record;
}

// The names of a slot that has the entries it had before are not parsed again.
std::vector<std::uint32_t> IdentityQuestion::identify_characters(
    std::span<const std::size_t> places, std::span<const IdentityDecision> decisions,
    std::vector<PreparedSlot>& prepared) const {
  prepared.resize(log_.slots.size());
  std::vector<PreparedRecord> records;
  records.reserve(places.size());
  std::string id;
  std::vector<std::string> names;
  std::vector<EntryIndex> entries;
  for (const auto place : places) {
    const auto slot = slots_[place];
    entries.assign(1, mentions_[place]);
    entries.insert(entries.end(), further_names_[slot].begin(), further_names_[slot].end());
    PreparedSlot& kept = prepared[slot];
    if (kept.entries != entries) {
      kept.record = prepare(record_of(place, id, names));
      kept.entries = entries;
    }
    kept.record.order = delivery_orders_[log_.slots[slot].delivery];
    records.push_back(std::move(kept.record));
  }
  auto numbers = identify_people(std::span<const PreparedRecord>(records), decisions);
  for (std::size_t i = 0; i < places.size(); ++i) {
    prepared[slots_[places[i]]].record = std::move(records[i]);
  }
  return numbers;
}

std::vector<std::uint32_t> IdentityQuestion::identify_others(
    std::span<const std::size_t> places, std::span<const IdentityDecision> decisions) const {
  std::vector<std::string> ids(places.size());
  std::vector<std::vector<std::string>> names(places.size());
  std::vector<PersonRecord> records;
  records.reserve(places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    records.push_back(record_of(places[i], ids[i], names[i]));
  }
  return identify_things(records, decisions);
}

void IdentityQuestion::answer_for(Type type, std::vector<PreparedSlot>& prepared,
                                  Clusters& clusters) const {
  std::vector<std::size_t> of_type;  // places in slots_
  std::vector<std::uint32_t> places(log_.slots.size(), kNone);
  for (std::size_t place = 0; place < slots_.size(); ++place) {
    if (log_.slots[slots_[place]].type != type) continue;
    places[slots_[place]] = static_cast<std::uint32_t>(of_type.size());
    of_type.push_back(place);
  }
  std::vector<IdentityDecision> decisions;
  for (const auto& decision : decisions_) {
    if (places[decision.first] == kNone || places[decision.second] == kNone) continue;
    decisions.push_back({places[decision.first], places[decision.second], decision.is_same});
  }
  const auto numbers = type == Type::character ? identify_characters(of_type, decisions, prepared)
                                               : identify_others(of_type, decisions);
  // Numbered anew by the first mention that counts, which is the order of slots_.
  std::vector<std::uint32_t> found(of_type.size(), kNone);
  for (std::size_t i = 0; i < of_type.size(); ++i) {
    const auto slot = slots_[of_type[i]];
    auto& cluster = found[numbers[i]];
    if (cluster == kNone) {
      cluster = static_cast<std::uint32_t>(clusters.all.size());
      clusters.all.push_back({type, {}});
    }
    clusters.all[cluster].slots.push_back(slot);
    clusters.of_slots[slot] = cluster;
  }
}

Clusters IdentityQuestion::answer(std::vector<PreparedSlot>& prepared) const {
  Clusters clusters;
  clusters.of_slots.assign(log_.slots.size(), kNone);
  for (const Type type : {Type::character, Type::location, Type::object}) {
    answer_for(type, prepared, clusters);
  }
  return clusters;
}

}  // namespace

const Clusters& ClusterFinder::find(const Log& log, const std::vector<Status>& activity,
                                    const Records& records) {
  const IdentityQuestion question(log, activity, records);
  auto fingerprint = question.fingerprint();
  if (fingerprint.empty() || fingerprint != last_question_) {
    last_ = question.answer(prepared_);
    last_question_ = std::move(fingerprint);
  }
  last_.of_slots.resize(log.slots.size(), kNone);
  return last_;
}

}  // namespace fabula::dossier

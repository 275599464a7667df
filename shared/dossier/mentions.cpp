#include "shared/dossier/mentions.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "shared/text/integer.hpp"

namespace fabula::dossier::identity {
namespace {

// The inputs by reading order, and by content where that is the same.
std::vector<Index> reading_order(std::span<const PreparedRecord> inputs) {
  std::vector<Index> order(inputs.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index left, Index right) {
    const auto& a = inputs[left];
    const auto& b = inputs[right];
    return std::tie(a.order, a.delivery, a.id) < std::tie(b.order, b.delivery, b.id);
  });
  return order;
}

bool is_one_delivery(const PreparedRecord& a, const PreparedRecord& b) {
  return a.order == b.order && a.delivery == b.delivery;
}

// Of each input of a delivery that came before at the same place with the same names (an answer
// that was asked for again), which one it is again; kNone for all others. Counted twice, one error
// of an extraction would look like two. What a person has decided on is never left out.
std::vector<Index> find_copies(std::span<const PreparedRecord> inputs,
                               std::span<const IdentityDecision> decisions,
                               const std::vector<Index>& order) {
  std::vector<Index> copies(inputs.size(), kNone);
  // Copies stand at one place of the text.
  const auto again = std::adjacent_find(order.begin(), order.end(), [&](Index a, Index b) {
    return inputs[a].order == inputs[b].order && inputs[a].delivery != inputs[b].delivery;
  });
  if (again == order.end()) return copies;
  std::vector<bool> is_decided(inputs.size());
  for (const auto& decision : decisions) {
    if (decision.first < inputs.size()) is_decided[decision.first] = true;
    if (decision.second < inputs.size()) is_decided[decision.second] = true;
  }
  std::unordered_map<std::string, std::vector<Index>> known;
  for (std::size_t begin = 0; begin < order.size();) {
    const auto& first = inputs[order[begin]];
    std::vector<std::pair<std::string, std::size_t>> entries;
    bool is_free = true;
    auto end = begin;
    for (; end < order.size() && is_one_delivery(inputs[order[end]], first); ++end) {
      std::string keys;
      for (const auto& name : inputs[order[end]].names) (keys += name.key) += '\n';
      entries.emplace_back(std::move(keys), end);
      is_free = is_free && !is_decided[order[end]];
    }
    std::sort(entries.begin(), entries.end());
    std::string signature;
    text::append_natural(signature, first.order);
    std::vector<Index> its;
    for (const auto& [keys, place] : entries) {
      (signature += '\t') += keys;
      its.push_back(order[place]);
    }
    const auto [at, is_new] = known.try_emplace(std::move(signature), its);
    if (!is_new && is_free) {
      for (std::size_t i = 0; i < its.size(); ++i) copies[its[i]] = at->second[i];
    }
    begin = end;
  }
  return copies;
}

}  // namespace

Mentions::Mentions(std::span<const PreparedRecord> inputs,
                   std::span<const IdentityDecision> decisions, Answers& known)
    : answers(known) {
  sort_records(inputs, decisions);
  for (const auto& record : records) {
    for (const auto& name : inputs[record.input].names) vocabulary.add(name);
  }
  vocabulary.repair();
  collect_forms(inputs);
  resolve_forms();
  set_apart_husbands();
  take_fingerprints(inputs, decisions);
}

void Mentions::sort_records(std::span<const PreparedRecord> inputs,
                            std::span<const IdentityDecision> decisions) {
  const auto order = reading_order(inputs);
  const auto copies = find_copies(inputs, decisions, order);
  record_of.resize(inputs.size());
  Index deliveries = 0;
  for (const auto input : order) {
    if (copies[input] != kNone) continue;
    if (!records.empty() && !is_one_delivery(inputs[records.back().input], inputs[input])) {
      ++deliveries;
    }
    record_of[input] = static_cast<Index>(records.size());
    records.push_back({.input = input, .delivery = deliveries});
  }
  for (const auto input : order) {
    if (copies[input] != kNone) record_of[input] = record_of[copies[input]];
  }
}

// What a name is compared by: its words, as they were meant, and what tells parts of names apart.
void Mentions::write_key(const Name& name, const Form& form, std::string& key) const {
  if (name.kind != NameKind::person) {
    key = name.key;
    return;
  }
  key = name.titles;
  const auto add = [&](std::string_view part) { (key += ' ') += part; };
  if (form.husband != kNone) add(vocabulary[form.husband].text);
  for (const auto word : form.words) add(vocabulary[word].text);
  if (name.numeral != 0) text::append_natural(key += " #", name.numeral);
  if (form.words.size() == 1 && name.is_old) add("(old)");
  if (form.words.size() == 1 && name.is_young) add("(young)");
}

void Mentions::collect_forms(std::span<const PreparedRecord> inputs) {
  Form form;
  std::string key;
  for (Index r = 0; r < records.size(); ++r) {
    auto& listed = records[r].listed;
    const auto& names = inputs[records[r].input].names;
    listed.reserve(names.size());
    for (const auto& name : names) {
      form.words.clear();
      for (std::size_t i = 0; i < name.words.size(); ++i) {
        form.words.push_back(vocabulary[vocabulary.number_of(name.words[i], name.given[i])].meant);
      }
      form.husband =
          name.husband.empty() ? kNone : vocabulary[vocabulary.number_of(name.husband)].meant;
      write_key(name, form, key);
      const auto f = form_keys_.intern(key);
      if (f == forms.size()) {
        forms.push_back(form);
        auto& added = forms.back();
        added.name = &name;
        added.gender = name.gender;
        if (!name.title_word.empty()) added.title = vocabulary.number_of(name.title_word);
        added.has_tail = name.kind == NameKind::role && name.key.find(" of ") != std::string::npos;
      }
      if (std::find(listed.begin(), listed.end(), f) == listed.end()) {
        listed.push_back(f);
        forms[f].records.push_back(r);
      }
    }
  }
}

// "Ragged Dick", "Sister Carrie": before what is known as a given name and is no family's there is
// an epithet, unless it is a given name itself.
void Mentions::set_apart_epithet(Form& form) const {
  const auto& first = vocabulary[form.words.front()];
  const auto& last = vocabulary[form.words.back()];
  if (form.words.size() != 2 || first.given.is_known || !last.given.is_known) return;
  if (last.alone == 0 || last.as_titled > 0) return;
  form.given = form.words.back();
  form.family = kNone;
  if (form.gender == Gender::unknown) form.gender = last.given.gender;
}

// "Mrs. Newland Archer", where there is a Newland Archer: the name is her husband's.
void Mentions::set_apart_husbands() {
  std::map<std::pair<Index, Index>, bool> is_also_other;
  for (const auto& form : forms) {
    const bool is_other = form.name->title != Title::missus && form.name->gender != Gender::female;
    if (form.is_full() && is_other) is_also_other[{form.given, form.family}] = true;
  }
  for (auto& form : forms) {
    if (form.name->title != Title::missus || form.husband != kNone || !form.is_full()) continue;
    if (vocabulary[form.given].given.gender == Gender::female) continue;
    if (is_also_other.count({form.given, form.family}) == 0) continue;
    form.husband = form.given;
    form.given = kNone;
  }
}

void Mentions::resolve_forms() {
  for (auto& form : forms) {
    const auto& name = *form.name;
    if (name.kind != NameKind::person || form.words.empty()) continue;
    const auto word = form.words.front();
    if (form.words.size() > 1) {
      form.given = word;
      form.family = form.words.back();
      set_apart_epithet(form);
      continue;
    }
    switch (vocabulary.role_of(word, name.title)) {
      case Role::given:
        form.given = word;
        if (form.gender == Gender::unknown) form.gender = vocabulary[word].given.gender;
        break;
      case Role::family:
        form.family = word;
        break;
      case Role::either:
        form.either = word;
    }
  }
}

void Mentions::take_fingerprints(std::span<const PreparedRecord> inputs,
                                 std::span<const IdentityDecision> decisions) {
  std::vector<std::uint64_t> hashes(vocabulary.size());
  for (Index word = 0; word < hashes.size(); ++word) {
    hashes[word] = hash_text(vocabulary[word].text);
  }
  for (Index f = 0; f < forms.size(); ++f) {
    auto& form = forms[f];
    const auto& name = *form.name;
    form.content = mixed(hash_text(form_keys_.at(f)), static_cast<std::uint64_t>(name.kind));
    form.content = mixed(form.content, static_cast<std::uint64_t>(name.title));
    form.content = mixed(form.content, static_cast<std::uint64_t>(name.gender));
    form.content = mixed(form.content, static_cast<std::uint64_t>(form.gender));
    form.content = mixed(form.content, (name.numeral * 8U) + (name.is_old ? 4U : 0U) +
                                           (name.is_young ? 2U : 0U) + (form.has_tail ? 1U : 0U));
    for (const auto word : {form.given, form.family, form.either, form.husband, form.title}) {
      form.content = mixed(form.content, word == kNone ? 0 : hashes[word]);
    }
    for (const auto word : form.words) form.content = mixed(form.content, hashes[word]);
  }
  for (auto& record : records) {
    record.content = mixed(inputs[record.input].id_hash, record.delivery);
  }
  const auto undecided = [&](std::uint32_t input) {
    return mixed(inputs[input].id_hash, records[record_of[input]].delivery);
  };
  for (const auto& decision : decisions) {
    if (decision.first >= inputs.size() || decision.second >= inputs.size()) continue;
    const std::uint64_t kind = decision.is_same ? 1 : 2;
    records[record_of[decision.first]].content += mixed(undecided(decision.second), kind);
    records[record_of[decision.second]].content += mixed(undecided(decision.first), kind);
  }
}

int Mentions::specificity(Index form) const {
  const auto& facts = forms[form];
  if (facts.name->kind != NameKind::person) return 0;
  if (facts.is_full()) return 4;
  if (facts.given != kNone) return 3;
  return facts.either != kNone ? 2 : 1;
}

Index Mentions::whole_of(Index record) const {
  while (records[record].other_half != kNone) record = records[record].other_half;
  return record;
}

void Mentions::index_forms() {
  for (auto& form : forms) form.records.clear();
  for (Index r = 0; r < records.size(); ++r) {
    for (const auto f : records[r].forms) forms[f].records.push_back(r);
  }
}

}  // namespace fabula::dossier::identity

#include "shared/dossier/identity/mentions.hpp"

#include <algorithm>
#include <numeric>

#include "shared/dossier/identity/reading_order.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier::identity {

Mentions::Mentions(std::span<const PreparedRecord> inputs,
                   std::span<const IdentityDecision> decisions, Answers& known,
                   std::span<const Quotes> quotes)
    : answers(known) {
  sort_records(inputs, decisions);
  collect_spellings(inputs);
  vocabulary.repair();
  collect_forms();
  list_forms(inputs);
  resolve_forms();
  set_apart_husbands();
  take_quoted_names(quotes);
  take_fingerprints(inputs, decisions);
}

void Mentions::sort_records(std::span<const PreparedRecord> inputs,
                            std::span<const IdentityDecision> decisions) {
  const auto order = reading_order(inputs);
  const auto copies = find_copies(inputs, decisions, order);
  record_of.resize(inputs.size());
  records.reserve(inputs.size());
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

// The key for comparing a name: its corrected words, and the kinds of its parts.
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

void Mentions::collect_spellings(std::span<const PreparedRecord> inputs) {
  NumberTable numbers;
  numbers.reserve(records.size());
  spelling_of_names_.reserve(2 * records.size());
  std::size_t words = 0;
  for (const auto& record : records) {
    for (const auto& name : inputs[record.input].names) {
      auto number = numbers.find(name.content);
      if (number == kNone) {
        number = static_cast<Index>(spellings_.size());
        numbers.set(name.content, number);
        spellings_.push_back({&name, 0, 0, kNone});
        words += name.words.size();
      }
      ++spellings_[number].uses;
      spelling_of_names_.push_back(number);
    }
  }
  words_.reserve(words);
  vocabulary.reserve(words);
  for (auto& spelling : spellings_) {
    spelling.first_word = static_cast<Index>(words_.size());
    vocabulary.add(*spelling.name, spelling.uses, words_);
  }
}

void Mentions::collect_forms() {
  NumberTable numbers;
  numbers.reserve(spellings_.size());
  forms.reserve(spellings_.size());
  std::string key;
  for (auto& spelling : spellings_) {
    const auto& name = *spelling.name;
    const auto words = std::span(words_).subspan(spelling.first_word, name.words.size());
    for (auto& word : words) word = vocabulary[word].meant;
    Form form;
    form.name = &name;
    form.words = words;
    form.gender = name.gender;
    if (!name.husband.empty()) form.husband = vocabulary[vocabulary.number_of(name.husband)].meant;
    write_key(name, form, key);
    form.content = hash_text(key);
    spelling.form = numbers.find(form.content);
    if (spelling.form != kNone) continue;
    spelling.form = static_cast<Index>(forms.size());
    numbers.set(form.content, spelling.form);
    if (!name.title_word.empty()) form.title = vocabulary.number_of(name.title_word);
    form.has_tail = name.kind == NameKind::role && name.key.find(" of ") != std::string::npos;
    forms.push_back(form);
  }
}

void Mentions::list_forms(std::span<const PreparedRecord> inputs) {
  listed_.reserve(spelling_of_names_.size());
  auto spelling = spelling_of_names_.begin();
  for (auto& record : records) {
    const auto first = static_cast<std::ptrdiff_t>(listed_.size());
    for (auto count = inputs[record.input].names.size(); count > 0; --count) {
      const auto form = spellings_[*spelling++].form;
      const bool is_new = std::find(listed_.begin() + first, listed_.end(), form) == listed_.end();
      if (is_new) listed_.push_back(form);
    }
    record.listed = std::span(listed_).subspan(static_cast<std::size_t>(first));
  }
  take_all_listed();
}

void Mentions::take_all_listed() {
  taken_ = listed_;
  for (auto& record : records) {
    const auto first = static_cast<std::size_t>(record.listed.data() - listed_.data());
    record.forms = std::span(taken_).subspan(first, record.listed.size());
  }
  index_forms();
}

void Mentions::take_fingerprints(std::span<const PreparedRecord> inputs,
                                 std::span<const IdentityDecision> decisions) {
  for (auto& form : forms) {
    const auto& name = *form.name;
    form.content = mixed(form.content, static_cast<std::uint64_t>(name.kind));
    form.content = mixed(form.content, static_cast<std::uint64_t>(name.title));
    form.content = mixed(form.content, static_cast<std::uint64_t>(name.gender));
    form.content = mixed(form.content, static_cast<std::uint64_t>(form.gender));
    form.content = mixed(form.content, (name.numeral * 8U) + (name.is_old ? 4U : 0U) +
                                           (name.is_young ? 2U : 0U) + (form.has_tail ? 1U : 0U));
    for (const auto word : {form.given, form.family, form.either, form.husband, form.title,
                            form.also_family, form.patronymic}) {
      form.content = mixed(form.content, word == kNone ? 0 : vocabulary[word].hash);
    }
    for (const auto word : form.words) form.content = mixed(form.content, vocabulary[word].hash);
  }
  for (auto& record : records) {
    record.content = mixed(inputs[record.input].id_hash, record.delivery);
    if (record.quoted != kNone)
      record.content = mixed(record.content, forms[record.quoted].content);
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
  std::vector<Index> ends(forms.size() + 1);
  for (const auto& record : records) {
    for (const auto f : record.forms) ++ends[f + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  records_of_forms_.resize(ends.back());
  for (Index f = 0; f < forms.size(); ++f) {
    forms[f].records = std::span(records_of_forms_).subspan(ends[f], ends[f + 1] - ends[f]);
  }
  for (Index r = 0; r < records.size(); ++r) {
    for (const auto f : records[r].forms) records_of_forms_[ends[f]++] = r;
  }
}

}  // namespace fabula::dossier::identity

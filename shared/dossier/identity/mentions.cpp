#include "shared/dossier/identity/mentions.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "shared/dossier/identity/patronymics.hpp"
#include "shared/dossier/identity/reading_order.hpp"
#include "shared/text/integer.hpp"

namespace fabula::dossier::identity {

Mentions::Mentions(std::span<const PreparedRecord> inputs,
                   std::span<const IdentityDecision> decisions, Answers& known)
    : answers(known) {
  sort_records(inputs, decisions);
  collect_spellings(inputs);
  vocabulary.repair();
  collect_forms();
  list_forms(inputs);
  resolve_forms();
  set_apart_husbands();
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
  const auto may_be_husbands = [&](const Form& form) {
    return form.name->title == Title::missus && form.husband == kNone && form.is_full() &&
           vocabulary[form.given].given.gender != Gender::female;
  };
  if (std::none_of(forms.begin(), forms.end(), may_be_husbands)) return;
  const auto key_of = [](const Form& form) {
    return (std::uint64_t{form.given} << 32U) | form.family;
  };
  NumberTable others;
  for (const auto& form : forms) {
    const bool is_other = form.name->title != Title::missus && form.name->gender != Gender::female;
    if (form.is_full() && is_other) others.set(key_of(form), 1);
  }
  for (auto& form : forms) {
    if (!may_be_husbands(form) || others.find(key_of(form)) == kNone) continue;
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
      resolve_words(form);
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
  turn_names_round();
  complete_beginnings();
}

// "Пётр Сергеевич", "Пётр Сергеевич Лунин", "Лунин Пётр Сергеевич"; else the given name comes first
// and the family name last.
void Mentions::resolve_words(Form& form) const {
  const auto& words = form.words;
  const auto gender_of = [&](std::size_t i) {
    return gender_of_patronymic(vocabulary[words[i]].text);
  };
  std::size_t place = 0;
  for (std::size_t i = 1; i < words.size() && i < 3; ++i) {
    if (gender_of(i) != Gender::unknown) place = i;
  }
  if (place == 0) {
    form.given = words.front();
    form.family = words.back();
    set_apart_epithet(form);
    return;
  }
  form.patronymic = words[place];
  if (form.gender == Gender::unknown) form.gender = gender_of(place);
  form.given = words[place - 1];
  if (place == 2) form.family = words.front();
  if (place + 1 < words.size()) form.family = words.back();
}

// "Taro Yamada" and "Yamada Taro" are one name, in the order in which it stands more often.
void Mentions::turn_names_round() {
  const auto is_pair = [](const Form& form) {
    return form.words.size() == 2 && form.is_full() && form.husband == kNone &&
           form.given == form.words.front() && form.family == form.words.back();
  };
  std::vector<std::pair<std::uint64_t, Index>> pairs;
  for (Index f = 0; f < forms.size(); ++f) {
    if (!is_pair(forms[f])) continue;
    pairs.emplace_back((std::uint64_t{forms[f].given} << 32U) | forms[f].family, f);
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<Index> turned;
  for (const auto& [key, f] : pairs) {
    const auto other = key << 32U | key >> 32U;
    if (other <= key) continue;
    const auto found = std::lower_bound(pairs.begin(), pairs.end(), std::pair{other, Index{0}});
    if (found == pairs.end() || found->first != other) continue;
    const auto& a = forms[f];
    const auto& b = forms[found->second];
    const auto rank = [&](const Form& form) {
      const bool is_given = vocabulary[form.given].given.is_known;
      return std::tuple(is_given, form.records.size(), vocabulary[form.family].text);
    };
    turned.push_back(rank(a) < rank(b) ? f : found->second);
  }
  for (const auto f : turned) std::swap(forms[f].given, forms[f].family);
}

// A name whose words are the beginning of the only longer name that there is, is that name: "Anna
// Maria" of "Anna Maria Holt".
void Mentions::complete_beginnings() {
  std::vector<Index> longer;
  for (Index f = 0; f < forms.size(); ++f) {
    const auto& form = forms[f];
    const bool is_name = form.name->kind == NameKind::person && form.words.size() > 2 &&
                         form.family != kNone && form.family == form.words.back() &&
                         form.name->title != Title::missus;
    if (is_name) longer.push_back(f);
  }
  if (longer.empty()) return;
  const auto begins_with = [](const Form& whole, const Form& part) {
    return std::equal(part.words.begin(), part.words.end(), whole.words.begin());
  };
  const auto order = [&](Index f) { return std::tuple(forms[f].words[0], forms[f].words[1]); };
  std::sort(longer.begin(), longer.end(),
            [&](Index a, Index b) { return std::tuple(order(a), a) < std::tuple(order(b), b); });
  std::vector<std::pair<Index, Index>> completed;  // form and whole
  for (Index f = 0; f < forms.size(); ++f) {
    const auto& form = forms[f];
    if (form.name->kind != NameKind::person || form.words.size() < 2 || form.given == kNone ||
        form.husband != kNone || form.name->title == Title::missus) {
      continue;
    }
    auto at =
        std::lower_bound(longer.begin(), longer.end(), order(f),
                         [&](Index each, const auto& wanted) { return order(each) < wanted; });
    Index whole = kNone;
    bool is_one = true;
    for (; at != longer.end() && order(*at) == order(f); ++at) {
      const auto& candidate = forms[*at];
      if (candidate.words.size() <= form.words.size() || !begins_with(candidate, form)) continue;
      is_one = is_one && (whole == kNone || forms[whole].family == candidate.family);
      whole = *at;
    }
    if (whole != kNone && is_one) completed.emplace_back(f, whole);
  }
  for (const auto& [f, whole] : completed) {
    auto& form = forms[f];
    const auto last = form.words.back();
    const bool is_family = form.family == last && !vocabulary[last].given.is_known;
    form.family = forms[whole].family;
    if (is_family && last != form.family) form.also_family = last;
  }
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

// Decides which part of a name each word is: given name, family name, patronymic, husband's name.
#include <algorithm>
#include <tuple>
#include <utility>

#include "shared/dossier/identity/mentions.hpp"
#include "shared/dossier/identity/patronymics.hpp"

namespace fabula::dossier::identity {

// "Ragged Dick", "Sister Carrie": a word before a given name that is no family name is an epithet,
// unless it is a given name itself.
void Mentions::set_apart_epithet(Form& form) const {
  const auto& first = vocabulary[form.words.front()];
  const auto& last = vocabulary[form.words.back()];
  if (form.words.size() != 2 || first.given.is_known || !last.given.is_known) return;
  if (last.alone == 0 || last.as_titled > 0) return;
  // "Nagy Anna", where others say "Dr. Nagy".
  if (first.as_titled > 0) return;
  form.given = form.words.back();
  form.family = kNone;
  if (form.gender == Gender::unknown) form.gender = last.given.gender;
}

// "Mrs. Newland Archer", if there is a Newland Archer: the name is her husband's.
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
  complete_beginnings();
  turn_names_round();
  part_unknown_families();
}

// "Пётр Сергеевич", "Пётр Сергеевич Лунин", "Лунин Пётр Сергеевич"; in other names the given name
// is first and the family name last.
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

// "Taro Yamada" and "Yamada Taro" are one name, in the more frequent order.
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
  turn_families_round(pairs);
}

// "Yamada Taro", where others say "Mr. Yamada" and nobody's name ends so: the family name is first.
void Mentions::turn_families_round(const std::vector<std::pair<std::uint64_t, Index>>& pairs) {
  std::vector<Index> words;
  for (const auto& [key, f] : pairs) {
    auto& form = forms[f];
    const auto& first = vocabulary[form.words.front()];
    const auto& last = vocabulary[form.words.back()];
    const bool is_family_first = form.name->title == Title::none &&
                                 form.given == form.words.front() && first.as_titled > 0 &&
                                 first.as_last == 0 && !first.given.is_known && last.as_titled == 0;
    if (!is_family_first) continue;
    std::swap(form.given, form.family);
    if (form.gender == Gender::unknown) form.gender = last.given.gender;
    words.insert(words.end(), form.words.begin(), form.words.end());
  }
  if (words.empty()) return;
  std::sort(words.begin(), words.end());
  for (auto& form : forms) {
    const bool is_titled_family = form.family != kNone && form.name->title != Title::none;
    if (form.words.size() != 1 || is_titled_family ||
        !std::binary_search(words.begin(), words.end(), form.words.front())) {
      continue;
    }
    form.given = form.family = kNone;
    form.either = form.words.front();
  }
}

// "流川楓", where others say "流川": a Chinese or Japanese name whose family name no table has.
void Mentions::part_unknown_families() {
  constexpr std::size_t kCharacterBytes = 3;
  constexpr std::size_t kShortestBytes = 2 * kCharacterBytes;
  const auto is_east_asian = [](std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    return text.size() >= kShortestBytes && first >= 0xE3 && first <= 0xE9;
  };
  std::vector<std::pair<std::string_view, Index>> singles;
  for (const auto& form : forms) {
    if (form.words.size() != 1) continue;
    const auto text = vocabulary[form.words.front()].text;
    if (is_east_asian(text)) singles.emplace_back(text, form.words.front());
  }
  if (singles.size() < 2) return;
  std::sort(singles.begin(), singles.end());
  const auto find = [&](std::string_view text) {
    const auto found = std::lower_bound(singles.begin(), singles.end(), std::pair{text, Index{0}});
    return found != singles.end() && found->first == text ? found->second : kNone;
  };
  for (auto& form : forms) {
    if (form.words.size() != 1 || form.name->kind != NameKind::person) continue;
    const auto text = vocabulary[form.words.front()].text;
    if (!is_east_asian(text)) continue;
    for (auto cut = kCharacterBytes; cut < text.size(); cut += kCharacterBytes) {
      if (cut >= kShortestBytes && form.family == kNone) form.family = find(text.substr(0, cut));
      if (text.size() - cut >= kShortestBytes && form.given == kNone) {
        form.given = find(text.substr(cut));
      }
    }
  }
}

// Completes a name that is the beginning of exactly one longer name: "Anna Maria" for "Anna Maria
// Holt".
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
      if (whole == kNone) {
        whole = *at;
        continue;
      }
      // "María José Luna" is itself the beginning of "María José Luna Vega".
      const bool is_longer = candidate.words.size() > forms[whole].words.size();
      const auto& most = is_longer ? candidate : forms[whole];
      const auto& less = is_longer ? forms[whole] : candidate;
      is_one = is_one && (most.family == less.family || begins_with(most, less));
      if (is_longer) whole = *at;
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

}  // namespace fabula::dossier::identity

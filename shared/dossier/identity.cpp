#include "shared/dossier/identity.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace fabula::dossier {
namespace {

using Index = std::uint32_t;
constexpr Index kNone = ~Index{0};

// ---------------------------------------------------------------- the words of a work

enum class Role : std::uint8_t { either, given, family };

struct Word {
  std::string_view text;
  GivenName given = {};
  Index as_given = 0;   // in how many records it stands before another name
  Index as_last = 0;    // in how many it stands last after another name
  Index as_titled = 0;  // in how many it is all that follows a title of families
  Index alone = 0;      // in how many it is the whole name, without a title
  Index records = 0;    // in how many it stands at all
  Index canonical = kNone;

  Index as_family() const { return as_last + as_titled; }
};

// A distinct name of the work, resolved.
struct Form {
  const Name* name = nullptr;
  std::vector<Index> words;
  Index given = kNone;
  Index family = kNone;
  Index either = kNone;  // a single word that may be both
  Index husband = kNone;
  Index title_word = kNone;
  bool has_tail = false;  // "Queen of Hearts"
  Gender gender = Gender::unknown;
  std::vector<Index> records;
  bool is_ambiguous = false;

  bool is_full() const { return given != kNone && family != kNone; }
};

struct Record {
  Index input = 0;
  Index delivery = 0;
  std::uint64_t order = 0;
  std::vector<Index> forms = {};   // accepted ones, the name first
  std::vector<Index> listed = {};  // all
  Index split_from = kNone;        // the record of its delivery that it is the other half of
};

// A small set of numbers with how often each was added.
class Counts {
 public:
  void add(Index key, Index count = 1) {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), key,
        [](const std::pair<Index, Index>& entry, Index wanted) { return entry.first < wanted; });
    if (at != entries_.end() && at->first == key) {
      at->second += count;
    } else {
      entries_.insert(at, {key, count});
    }
  }
  Index count(Index key) const {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), key,
        [](const std::pair<Index, Index>& entry, Index wanted) { return entry.first < wanted; });
    return at != entries_.end() && at->first == key ? at->second : 0;
  }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  bool meets(const Counts& other) const {
    return std::any_of(begin(), end(),
                       [&](const auto& entry) { return other.count(entry.first) > 0; });
  }

 private:
  std::vector<std::pair<Index, Index>> entries_;
};

// What is known of a person by the records that are theirs.
struct Person {
  std::vector<Index> records;
  Counts deliveries;
  Counts forms;
  Counts given;
  Counts families;
  Counts either;
  Counts husbands;
  Counts family_titles;  // titles with which the family name stands alone
  Counts numerals;
  Counts titles;  // words before names, as numbers
  Counts roles;   // the same without a name
  Index women = 0;
  Index men = 0;
  Index old_marks = 0;
  Index young_marks = 0;
  bool has_married_title = false;
  bool is_knight = false;
  bool is_mister = false;
  // Of the records with a family name: the first and the last by order, and the same of those in
  // which it follows Mrs.
  Index first_family = kNone;
  Index last_family = 0;

  // One against several is an error of an extraction.
  Gender gender() const {
    if (women > 3 * men) return Gender::female;
    if (men > 3 * women) return Gender::male;
    return Gender::unknown;
  }
};

// Optimal string alignment at most one, for words of bytes.
bool is_one_edit(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1 || a == b) return false;
  std::size_t i = 0;
  while (i < a.size() && a[i] == b[i]) ++i;
  if (a.size() < b.size()) return a.substr(i) == b.substr(i + 1);
  if (a.substr(i + 1) == b.substr(i + 1)) return true;
  return i + 1 < a.size() && a[i] == b[i + 1] && a[i + 1] == b[i] &&
         a.substr(i + 2) == b.substr(i + 2);
}

std::uint32_t title_code(const Name& name) {
  // Ranks are told apart by their words; other titles by what they are.
  if (name.title == Title::military) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name.title_word) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return 64 + hash % 1'000'000;
  }
  if (name.title == Title::madam) return static_cast<std::uint32_t>(Title::missus);
  return static_cast<std::uint32_t>(name.title);
}

class Identifier {
 public:
  Identifier(std::span<const PreparedRecord> inputs, std::span<const IdentityDecision> decisions)
      : inputs_(inputs), decisions_(decisions) {}

  std::vector<std::uint32_t> run() {
    sort_records();
    collect_words();
    repair_typing_errors();
    collect_forms();
    resolve_forms();
    accept_aliases();
    find_split_records();
    find_ambiguous_forms();
    drop_shared_forms();
    find_ambiguous_forms();
    start_people();
    apply_decisions();
    join_halves();
    join_by_full_names();
    join_by_forms();
    derive();
    assign_ambiguous();
    derive();
    bend();
    join_leftovers();
    return number_people();
  }

 private:
  // ------------------------------------------------------------ input
  void sort_records() {
    std::vector<Index> order(inputs_.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(), [&](Index left, Index right) {
      const auto& a = inputs_[left];
      const auto& b = inputs_[right];
      return std::tie(a.order, a.delivery, a.id) < std::tie(b.order, b.delivery, b.id);
    });
    const auto copies = find_copies(order);
    position_.resize(inputs_.size());
    std::map<std::pair<std::uint64_t, std::string_view>, Index> deliveries;
    for (const auto input : order) {
      if (copies[input] != kNone) continue;
      const auto& prepared = inputs_[input];
      position_[input] = static_cast<Index>(records_.size());
      const auto delivery =
          deliveries
              .try_emplace({prepared.order, prepared.delivery}, static_cast<Index>(deliveries.size()))
              .first->second;
      records_.push_back({.input = input, .delivery = delivery, .order = prepared.order});
    }
    for (const auto input : order) {
      if (copies[input] != kNone) position_[input] = position_[copies[input]];
    }
  }

  // Of each record of a delivery that came before at the same place with the same names (an answer
  // that was asked for again), which one it is again; kNone for all others. Counted twice, one
  // error of an extraction would look like two.
  std::vector<Index> find_copies(const std::vector<Index>& order) const {
    std::vector<bool> is_decided(inputs_.size());
    for (const auto& decision : decisions_) {
      if (decision.first < inputs_.size()) is_decided[decision.first] = true;
      if (decision.second < inputs_.size()) is_decided[decision.second] = true;
    }
    std::vector<Index> copies(inputs_.size(), kNone);
    std::map<std::string, std::vector<Index>> known;
    for (std::size_t begin = 0; begin < order.size();) {
      const auto& first = inputs_[order[begin]];
      auto end = begin + 1;
      while (end < order.size() && inputs_[order[end]].order == first.order &&
             inputs_[order[end]].delivery == first.delivery) {
        ++end;
      }
      std::vector<std::pair<std::string, Index>> entries;
      bool is_free = true;
      for (auto i = begin; i < end; ++i) {
        std::string keys;
        for (const auto& name : inputs_[order[i]].names) keys += name.key + '\n';
        entries.emplace_back(std::move(keys), static_cast<Index>(i));
        is_free = is_free && !is_decided[order[i]];
      }
      std::sort(entries.begin(), entries.end());
      std::string signature = std::to_string(first.order);
      std::vector<Index> its;
      for (const auto& [keys, i] : entries) {
        signature += '\t' + keys;
        its.push_back(order[i]);
      }
      const auto [at, is_new] = known.try_emplace(std::move(signature), its);
      for (std::size_t i = 0; !is_new && is_free && i < its.size(); ++i) copies[its[i]] = at->second[i];
      begin = end;
    }
    return copies;
  }

  Index word_of(std::string_view text, const GivenName* given) {
    const auto [at, is_new] = word_numbers_.try_emplace(text, static_cast<Index>(words_.size()));
    if (is_new) {
      words_.push_back({.text = text});
      words_.back().given = given ? *given : find_given_name(text);
      words_.back().canonical = at->second;
    }
    return at->second;
  }

  static bool is_family_title(Title title) {
    return title == Title::mister || title == Title::missus || title == Title::learned ||
           title == Title::military || title == Title::office;
  }

  void collect_words() {
    for (const auto& record : records_) {
      for (const auto& name : inputs_[record.input].names) {
        const auto count = name.words.size();
        for (std::size_t i = 0; i < count; ++i) {
          auto& word = words_[word_of(name.words[i], &name.given[i])];
          ++word.records;
          if (count > 1 && i == 0) ++word.as_given;
          if (count > 1 && i + 1 == count) ++word.as_last;
          if (count == 1 && is_family_title(name.title)) ++word.as_titled;
          if (count == 1 && name.title == Title::sir) ++word.as_given;
          if (count == 1 && name.title == Title::none) ++word.alone;
        }
      }
    }
  }

  // What a name is compared by: its words, as repaired, and what distinguishes a part of a name.
  std::string form_key(const Name& name, const std::vector<Index>& words, Index husband) const {
    if (name.kind != NameKind::person) return name.key;
    std::string key(name.titles);
    const auto add = [&](std::string_view part) {
      key += ' ';
      key += part;
    };
    if (husband != kNone) add(words_[husband].text);
    for (const auto word : words) add(words_[word].text);
    if (name.numeral != 0) add(std::string(1, static_cast<char>('0' + name.numeral)));
    if (words.size() == 1 && name.is_old) add("(old)");
    if (words.size() == 1 && name.is_young) add("(young)");
    return key;
  }

  void collect_forms() {
    for (Index r = 0; r < records_.size(); ++r) {
      for (const auto& name : inputs_[records_[r].input].names) {
        Form form;
        for (std::size_t i = 0; i < name.words.size(); ++i) {
          form.words.push_back(words_[word_of(name.words[i], &name.given[i])].canonical);
        }
        if (!name.husband.empty()) form.husband = words_[word_of(name.husband, nullptr)].canonical;
        const auto [at, is_new] = form_numbers_.try_emplace(
            form_key(name, form.words, form.husband), static_cast<Index>(forms_.size()));
        if (is_new) {
          form.name = &name;
          form.gender = name.gender;
          if (!name.title_word.empty()) form.title_word = word_of(name.title_word, nullptr);
          form.has_tail = name.kind == NameKind::role && name.key.find(" of ") != std::string::npos;
          forms_.push_back(std::move(form));
        }
        auto& records = forms_[at->second].records;
        if (!records.empty() && records.back() == r) continue;
        records.push_back(r);
        records_[r].listed.push_back(at->second);
      }
    }
  }

  // A rare word that is one slip away from a much more frequent one, or from a given name of the
  // table that somebody has here, is that word. Short words and those that are names themselves
  // (Ellen, Helen) are left alone.
  void repair_typing_errors() {
    for (Index w = 0; w < words_.size(); ++w) {
      auto& word = words_[w];
      if (word.given.is_known || word.records > 2) continue;
      Index best = kNone;
      bool is_unique = true;
      for (Index other = 0; other < words_.size(); ++other) {
        if (other == w || !is_slip_of(word, words_[other])) continue;
        is_unique = best == kNone;
        best = other;
      }
      if (best != kNone && is_unique) word.canonical = best;
    }
    for (auto& word : words_) {
      const auto target = words_[word.canonical].canonical;
      word.canonical = target;
    }
    for (Index w = 0; w < words_.size(); ++w) {
      const auto& word = words_[w];
      if (word.canonical == w) continue;
      auto& target = words_[word.canonical];
      target.as_given += word.as_given;
      target.as_last += word.as_last;
      target.as_titled += word.as_titled;
      target.alone += word.alone;
    }
  }

  static bool is_slip_of(const Word& word, const Word& meant) {
    constexpr std::size_t kShortest = 5;
    constexpr std::size_t kShortestOfNames = 4;
    if (!is_one_edit(word.text, meant.text)) return false;
    // "the Ambersons" is a family, "Amberson" one of it.
    if (word.text.ends_with('s') && word.text.size() > meant.text.size()) return false;
    if (word.text.front() != meant.text.front() && word.text.size() < 7) return false;
    if (meant.given.is_known && word.as_family() == 0 && word.text.size() >= kShortestOfNames) {
      return true;
    }
    return word.text.size() >= kShortest && meant.records >= 3 * word.records;
  }

  Role role_of(Index word, const Name& name) const {
    const auto& facts = words_[word];
    if (facts.as_given > 0 && facts.as_family() == 0) return Role::given;
    if (facts.as_family() > 0 && facts.as_given == 0) return Role::family;
    if (facts.as_given == 0 && facts.as_family() == 0) {
      if (facts.given.is_known) return Role::given;
      return Role::either;
    }
    if (is_family_title(name.title)) return Role::family;
    if (name.title == Title::sir) return Role::given;
    if (facts.as_given > 3 * facts.as_family()) return Role::given;
    if (facts.as_family() > 3 * facts.as_given) return Role::family;
    return Role::either;
  }

  // "Ragged Dick", "Sister Carrie": before what is known as a given name and no family's there is an
  // epithet, unless it is a given name itself.
  void set_apart_epithet(Form& form) const {
    const auto& first = words_[form.words.front()];
    const auto& last = words_[form.words.back()];
    if (form.words.size() != 2 || first.given.is_known || !last.given.is_known) return;
    if (last.alone == 0 || last.as_titled > 0) return;
    form.given = form.words.back();
    form.family = kNone;
    if (form.gender == Gender::unknown) form.gender = last.given.gender;
  }

  // "Mrs. Newland Archer", where there is a Newland Archer: the name is her husband's.
  void set_apart_husband(Form& form) const {
    if (form.name->title != Title::missus || form.husband != kNone) return;
    if (words_[form.given].given.gender == Gender::female) return;
    const bool has_husband = std::any_of(forms_.begin(), forms_.end(), [&](const Form& other) {
      return other.words == form.words && other.name->title != Title::missus &&
             other.name->gender != Gender::female;
    });
    if (!has_husband) return;
    form.husband = form.given;
    form.given = kNone;
  }

  void resolve_forms() {
    for (auto& form : forms_) {
      const auto& name = *form.name;
      if (name.kind != NameKind::person || form.words.empty()) continue;
      if (form.words.size() > 1) {
        form.given = form.words.front();
        form.family = form.words.back();
        set_apart_epithet(form);
        set_apart_husband(form);
        continue;
      }
      const auto word = form.words.front();
      const auto role = role_of(word, name);
      if (role == Role::given) {
        form.given = word;
        if (form.gender == Gender::unknown) form.gender = words_[word].given.gender;
      } else if (role == Role::family) {
        form.family = word;
      } else {
        form.either = word;
      }
    }
  }

  // ------------------------------------------------------------ comparing

  bool is_same_given(Index a, Index b) const {
    if (a == b) return true;
    const auto& left = words_[a];
    const auto& right = words_[b];
    if (left.text.size() == 1 || right.text.size() == 1) {
      return left.text.front() == right.text.front();
    }
    return can_be_same_name(left.given, right.given) || is_clipped(left, right) ||
           is_clipped(right, left);
  }

  // "Thad" and "Thaddy" of Thaddeus: a name that is in no table, cut short.
  static bool is_clipped(const Word& word, const Word& whole) {
    constexpr std::size_t kShortest = 3;
    if (word.given.is_known && whole.given.is_known) return false;
    auto stem = word.text;
    if (stem.ends_with("ie")) stem.remove_suffix(2);
    if (stem.ends_with('y')) stem.remove_suffix(1);
    return stem.size() >= kShortest && whole.text.size() >= stem.size() + 2 &&
           whole.text.starts_with(stem);
  }

  bool meets_given(const Counts& left, const Counts& right) const {
    for (const auto& a : left) {
      for (const auto& b : right) {
        if (is_same_given(a.first, b.first)) return true;
      }
    }
    return false;
  }

  // Titles that one person of a book is called by alone: "the Colonel", "the Inspector".
  static bool names_a_post(Title title) {
    return title == Title::military || title == Title::noble || title == Title::learned ||
           title == Title::clergy || title == Title::office;
  }

  void add_form(Person& person, Index f, Index count = 1) const {
    const auto& form = forms_[f];
    const auto& name = *form.name;
    person.forms.add(f, count);
    if (form.given != kNone) person.given.add(form.given, count);
    if (form.family != kNone) person.families.add(form.family, count);
    if (form.either != kNone) person.either.add(form.either, count);
    if (form.husband != kNone) person.husbands.add(form.husband, count);
    if (name.kind == NameKind::person && form.given == kNone && name.title != Title::none &&
        name.title != Title::kin && name.title != Title::office && name.title != Title::noble) {
      person.family_titles.add(title_code(name), count);
    }
    if (name.title != Title::none && form.title_word != kNone) {
      const bool is_role = name.kind == NameKind::role;
      if (!is_role || names_a_post(name.title)) {
        (is_role ? person.roles : person.titles).add(form.title_word, count);
      }
      if (is_role && form.has_tail) person.titles.add(form.title_word, count);
    }
    if (name.numeral != 0) person.numerals.add(name.numeral, count);
    if (name.title == Title::missus || name.title == Title::madam) person.has_married_title = true;
    if (name.title == Title::sir) person.is_knight = true;
    if (name.title == Title::mister) person.is_mister = true;
    if (name.is_old) person.old_marks += count;
    if (name.is_young) person.young_marks += count;
    if (form.gender == Gender::female) person.women += count;
    if (form.gender == Gender::male) person.men += count;
  }

  Person person_of_forms(const std::vector<Index>& forms, Index without = kNone) const {
    Person person;
    for (const auto f : forms) {
      if (f != without) add_form(person, f);
    }
    return person;
  }

  static bool are_disjoint(const Counts& a, const Counts& b) {
    return !a.empty() && !b.empty() && !a.meets(b);
  }

  // A woman's family name changes once, when she marries: from then on she is Mrs. by the other.
  static bool marries_between(const Person& a, const Person& b) {
    if (a.families.size() + b.families.size() > 2) return false;
    return (b.has_married_title && !a.has_married_title && a.last_family <= b.first_family) ||
           (a.has_married_title && !b.has_married_title && b.last_family <= a.first_family);
  }

  // What no one person's names can be.
  bool contradicts(const Person& a, const Person& b) const {
    const auto left = a.gender();
    const auto right = b.gender();
    if (left != Gender::unknown && right != Gender::unknown && left != right) return true;
    if (are_disjoint(a.numerals, b.numerals)) return true;
    const bool has_given = !a.given.empty() && !b.given.empty();
    const bool same_given = has_given && meets_given(a.given, b.given);
    if (has_given && !same_given) return true;
    if (are_disjoint(a.husbands, b.husbands)) return true;
    if (are_disjoint(a.families, b.families)) {
      const bool may_be_married = same_given && left != Gender::male && right != Gender::male &&
                                  marries_between(a, b);
      if (!may_be_married) return true;
    }
    return false;
  }

  // What makes one family name two people unless something else joins them.
  bool differs_in_title(const Person& a, const Person& b) const {
    if ((a.is_knight && b.is_mister) || (a.is_mister && b.is_knight)) return true;
    if (!a.given.empty() && !b.given.empty()) return false;
    if ((a.old_marks > 0 && b.young_marks > 0) || (a.young_marks > 0 && b.old_marks > 0))
      return true;
    // "Mrs. John Dashwood" is said where there is another Mrs. Dashwood.
    if (a.has_married_title && b.has_married_title && a.husbands.empty() != b.husbands.empty()) {
      return true;
    }
    return are_disjoint(a.family_titles, b.family_titles);
  }

  // ------------------------------------------------------------ records

  // In how many deliveries one record lists both.
  Index listed_together(Index f, Index g) const {
    Index count = 0;
    Index last = kNone;
    for (const auto r : forms_[f].records) {
      const auto& listed = records_[r].listed;
      if (std::find(listed.begin(), listed.end(), g) == listed.end()) continue;
      if (records_[r].delivery != last) ++count;
      last = records_[r].delivery;
    }
    return count;
  }

  // A form and what is listed with it again and again: what is known of who bears it.
  Person known_of(Index f) const {
    std::map<Index, Index> together;
    for (const auto r : forms_[f].records) {
      for (const auto other : records_[r].listed) ++together[other];
    }
    Person person;
    for (const auto& [other, count] : together) {
      if (other == f || count >= 2) add_form(person, other);
    }
    return person;
  }

  // An alias that contradicts the name, by itself or by what else is known of who bears it, is
  // another person's that an extraction has mixed in, unless several deliveries say the same.
  void accept_aliases() {
    std::vector<Person> known;
    known.reserve(forms_.size());
    for (Index f = 0; f < forms_.size(); ++f) known.push_back(known_of(f));
    for (auto& record : records_) {
      if (record.listed.empty()) continue;
      const auto name = record.listed.front();
      record.forms.push_back(name);
      auto person = person_of_forms(record.forms);
      for (std::size_t i = 1; i < record.listed.size(); ++i) {
        const auto f = record.listed[i];
        const bool is_other = contradicts(person, person_of_forms({f})) ||
                              contradicts(person, known[f]) || contradicts(known[name], known[f]);
        if (is_other && listed_together(name, f) < 2) continue;
        record.forms.push_back(f);
        add_form(person, f);
      }
    }
    index_records_of_forms();
  }

  void index_records_of_forms() {
    for (auto& form : forms_) form.records.clear();
    for (Index r = 0; r < records_.size(); ++r) {
      for (const auto f : records_[r].forms) forms_[f].records.push_back(r);
    }
  }

  // How much a form says by itself.
  int specificity(Index f) const {
    const auto& form = forms_[f];
    if (form.name->kind != NameKind::person) return 0;
    if (form.is_full()) return 4;
    if (form.given != kNone) return 3;
    if (form.either != kNone) return 2;
    return 1;
  }

  struct Meetings {
    Index together = 0;  // deliveries in which one record has both forms
    Index apart = 0;     // deliveries in which two records have one each
  };

  Meetings meetings_of(Index f, Index g) const {
    Meetings meetings;
    const auto& left = forms_[f].records;
    const auto& right = forms_[g].records;
    for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
      const auto a = records_[left[i]].delivery;
      const auto b = records_[right[j]].delivery;
      if (a < b) {
        ++i;
      } else if (b < a) {
        ++j;
      } else {
        bool is_together = false;
        bool is_apart = false;
        auto i_end = i;
        auto j_end = j;
        while (i_end < left.size() && records_[left[i_end]].delivery == a) ++i_end;
        while (j_end < right.size() && records_[right[j_end]].delivery == a) ++j_end;
        for (auto x = i; x < i_end; ++x) {
          for (auto y = j; y < j_end; ++y) {
            (half_of(left[x]) == half_of(right[y]) ? is_together : is_apart) = true;
          }
        }
        meetings.together += is_together ? 1 : 0;
        meetings.apart += is_apart ? 1 : 0;
        i = i_end;
        j = j_end;
      }
    }
    return meetings;
  }

  Index half_of(Index r) const {
    while (records_[r].split_from != kNone) r = records_[r].split_from;
    return r;
  }

  // Two names of the same words: "Hugh" and "Mr. Hugh".
  bool has_same_words(Index f, Index g) const {
    return !forms_[f].words.empty() && forms_[f].words == forms_[g].words;
  }

  bool has_same_given(Index f, Index g) const {
    return forms_[f].given != kNone && forms_[g].given != kNone &&
           is_same_given(forms_[f].given, forms_[g].given);
  }

  // Two entries of a delivery are one person whom an extraction has cut in two when other
  // deliveries list, many times for each time that they do not, what the one is called with what
  // the other is called.
  void find_split_records() {
    std::map<std::pair<Index, Index>, Meetings> known;
    for (const auto& record : records_) {
      for (std::size_t i = 0; i < record.forms.size(); ++i) {
        for (std::size_t j = i + 1; j < record.forms.size(); ++j) {
          const auto key = std::minmax(record.forms[i], record.forms[j]);
          const auto [at, is_new] = known.try_emplace({key.first, key.second});
          if (is_new) at->second = meetings_of(key.first, key.second);
        }
      }
    }
    std::vector<std::pair<Index, Index>> halves;
    for (Index r = 0; r < records_.size(); ++r) {
      for (auto other = r + 1;
           other < records_.size() && records_[other].delivery == records_[r].delivery; ++other) {
        if (are_halves(r, other, known)) halves.emplace_back(r, other);
      }
    }
    for (const auto& [first, second] : halves) {
      if (half_of(first) != half_of(second)) records_[half_of(second)].split_from = half_of(first);
    }
  }

  bool are_halves(Index r, Index other,
                  const std::map<std::pair<Index, Index>, Meetings>& known) const {
    const auto& mine = records_[r].forms;
    const auto& theirs = records_[other].forms;
    bool is_likely = false;
    for (const auto f : mine) {
      for (const auto g : theirs) {
        if (f == g) continue;
        const auto key = std::minmax(f, g);
        const auto at = known.find({key.first, key.second});
        if (at == known.end()) continue;
        const Index factor = has_same_words(f, g) ? 2 : 3;
        is_likely = is_likely || at->second.apart * factor <= at->second.together;
      }
    }
    return is_likely && !contradicts(person_of_forms(mine), person_of_forms(theirs));
  }

  // Of two names that one record has but that are often two people's in one delivery, the vaguer one
  // says nothing there: now and then the son is called by what is his father's.
  void drop_shared_forms() {
    std::map<std::pair<Index, Index>, Meetings> known;
    std::vector<std::pair<Index, Index>> dropped;
    for (Index r = 0; r < records_.size(); ++r) {
      const auto& forms = records_[r].forms;
      for (std::size_t i = 0; i < forms.size(); ++i) {
        for (std::size_t j = i + 1; j < forms.size(); ++j) {
          const auto key = std::minmax(forms[i], forms[j]);
          const auto [at, is_new] = known.try_emplace({key.first, key.second});
          if (is_new) at->second = meetings_of(key.first, key.second);
          const Index factor = has_same_words(forms[i], forms[j]) ? 1 : 2;
          if (at->second.apart * factor <= at->second.together) continue;
          const bool is_first = specificity(forms[i]) < specificity(forms[j]);
          const auto vague = is_first ? forms[i] : forms[j];
          const auto other = is_first ? forms[j] : forms[i];
          if (is_ever_doubled(other) || forms_[other].is_ambiguous) continue;
          dropped.emplace_back(r, vague);
        }
      }
    }
    for (const auto& [r, f] : dropped) {
      auto& forms = records_[r].forms;
      if (forms.size() > 1) forms.erase(std::remove(forms.begin(), forms.end(), f), forms.end());
    }
    index_records_of_forms();
  }

  struct Doubling {
    Index deliveries = 0;  // those with the form
    Index doubled = 0;     // those in which two entries have it that are not halves of one
  };

  Doubling doubling_of(Index f) const {
    Doubling doubling;
    const auto& all = forms_[f].records;
    for (std::size_t i = 0; i < all.size();) {
      auto end = i + 1;
      while (end < all.size() && records_[all[end]].delivery == records_[all[i]].delivery) ++end;
      ++doubling.deliveries;
      const auto is_other = [&](Index r) { return half_of(r) != half_of(all[i]); };
      if (std::any_of(all.begin() + static_cast<std::ptrdiff_t>(i),
                      all.begin() + static_cast<std::ptrdiff_t>(end), is_other)) {
        ++doubling.doubled;
      }
      i = end;
    }
    return doubling;
  }

  bool is_ever_doubled(Index f) const { return doubling_of(f).doubled > 0; }

  // Whether it names two in one delivery often enough to be no error.
  bool is_doubled(Index f) const {
    const auto doubling = doubling_of(f);
    return doubling.doubled * 5 > doubling.deliveries;
  }

  // A form is ambiguous when what else is known of the records that have it cannot be one person.
  void find_ambiguous_forms() {
    for (Index f = 0; f < forms_.size(); ++f) {
      auto& form = forms_[f];
      form.is_ambiguous = false;
      if (form.name->kind == NameKind::role && form.name->title == Title::kin) {
        form.is_ambiguous = true;
        continue;
      }
      if (is_doubled(f) && !form.is_full()) {
        form.is_ambiguous = true;
        continue;
      }
      std::vector<Person> groups;
      std::vector<Index> sizes;
      for (const auto r : form.records) {
        if (records_[r].forms.size() < 2) continue;
        auto rest = person_of_forms(records_[r].forms, form.given == kNone ? f : kNone);
        bool is_placed = false;
        for (std::size_t g = 0; g < groups.size() && !is_placed; ++g) {
          if (contradicts(groups[g], rest)) continue;
          for (const auto other : records_[r].forms) {
            if (other != f || form.given != kNone) add_form(groups[g], other);
          }
          ++sizes[g];
          is_placed = true;
        }
        if (!is_placed && groups.size() < 8) {
          groups.push_back(std::move(rest));
          sizes.push_back(1);
        }
      }
      if (groups.size() < 2) continue;
      const auto largest = *std::max_element(sizes.begin(), sizes.end());
      const auto others = std::accumulate(sizes.begin(), sizes.end(), Index{0}) - largest;
      // One against many is an error of an extraction.
      form.is_ambiguous = others * 4 >= largest;
    }
  }

  // ------------------------------------------------------------ people

  void start_people() {
    people_.resize(records_.size());
    parent_.resize(records_.size());
    std::iota(parent_.begin(), parent_.end(), Index{0});
    for (Index r = 0; r < records_.size(); ++r) {
      auto& person = people_[r];
      person = person_of_forms(records_[r].forms);
      person.records = {r};
      if (!person.families.empty()) person.first_family = person.last_family = records_[r].delivery;
      person.deliveries.add(records_[r].delivery);
    }
  }

  Index find(Index r) const {
    while (parent_[r] != r) r = parent_[r];
    return r;
  }

  void join(Index a, Index b) {
    a = find(a);
    b = find(b);
    if (a == b) return;
    if (b < a) std::swap(a, b);
    parent_[b] = a;
    auto& into = people_[a];
    auto from = std::move(people_[b]);
    people_[b] = {};
    into.records.insert(into.records.end(), from.records.begin(), from.records.end());
    std::sort(into.records.begin(), into.records.end());
    const auto add_all = [](Counts& to, const Counts& what) {
      for (const auto& [key, count] : what) to.add(key, count);
    };
    add_all(into.deliveries, from.deliveries);
    add_all(into.forms, from.forms);
    add_all(into.given, from.given);
    add_all(into.families, from.families);
    add_all(into.either, from.either);
    add_all(into.husbands, from.husbands);
    add_all(into.family_titles, from.family_titles);
    add_all(into.numerals, from.numerals);
    add_all(into.titles, from.titles);
    add_all(into.roles, from.roles);
    into.women += from.women;
    into.men += from.men;
    into.old_marks += from.old_marks;
    into.young_marks += from.young_marks;
    into.first_family = std::min(into.first_family, from.first_family);
    into.last_family = std::max(into.last_family, from.last_family);
    into.is_knight = into.is_knight || from.is_knight;
    into.is_mister = into.is_mister || from.is_mister;
    into.has_married_title = into.has_married_title || from.has_married_title;
    for (auto& [left, right] : different_) {
      left = find(left);
      right = find(right);
    }
  }

  bool is_forbidden(Index a, Index b) const {
    return std::any_of(different_.begin(), different_.end(), [&](const auto& pair) {
      return (pair.first == a && pair.second == b) || (pair.first == b && pair.second == a);
    });
  }

  bool shares_delivery(Index a, Index b) const {
    return people_[a].deliveries.meets(people_[b].deliveries);
  }

  // `a` and `b` are people (roots).
  bool may_join(Index a, Index b) const {
    return a != b && !shares_delivery(a, b) && !is_forbidden(a, b) &&
           !contradicts(people_[a], people_[b]);
  }

  void apply_decisions() {
    std::vector<std::pair<Index, Index>> same;
    for (const auto& decision : decisions_) {
      if (decision.first >= position_.size() || decision.second >= position_.size()) continue;
      auto pair = std::minmax(position_[decision.first], position_[decision.second]);
      if (pair.first == pair.second) continue;
      (decision.is_same ? same : different_).emplace_back(pair.first, pair.second);
    }
    std::sort(same.begin(), same.end());
    std::sort(different_.begin(), different_.end());
    for (const auto& [a, b] : same) {
      if (!is_forbidden(find(a), find(b))) join(a, b);
    }
  }

  std::vector<Index> roots() const {
    std::vector<Index> all;
    for (Index r = 0; r < records_.size(); ++r) {
      if (parent_[r] == r) all.push_back(r);
    }
    return all;
  }

  // Joins the records one after the other to the first of the bucket's people that they may be.
  template <class Allowed>
  void join_bucket(const std::vector<Index>& bucket, Allowed&& is_allowed) {
    std::vector<Index> found;
    for (const auto r : bucket) {
      const auto person = find(r);
      bool is_known = false;
      for (auto& other : found) {
        other = find(other);
        is_known = is_known || other == person;
      }
      if (is_known) continue;
      Index best = kNone;
      for (const auto other : found) {
        if (may_join(person, other) && is_allowed(person, other)) {
          if (best == kNone || closeness(person, other) > closeness(person, best)) best = other;
        }
      }
      if (best == kNone) {
        found.push_back(person);
      } else {
        join(person, best);
      }
    }
  }

  // Of several that a record may be: who shares more names, then who has more records, then who is
  // nearer in the text, then who was first.
  std::tuple<Index, Index, std::int64_t, std::int64_t> closeness(Index a, Index b) const {
    Index shared = 0;
    for (const auto& entry : people_[a].forms) {
      if (people_[b].forms.count(entry.first) > 0) ++shared;
    }
    std::int64_t distance = INT64_MAX;
    for (const auto& left : people_[a].deliveries) {
      for (const auto& right : people_[b].deliveries) {
        const auto gap =
            static_cast<std::int64_t>(left.first) - static_cast<std::int64_t>(right.first);
        distance = std::min(distance, gap < 0 ? -gap : gap);
      }
    }
    return {shared, static_cast<Index>(people_[b].records.size()), -distance,
            -static_cast<std::int64_t>(b)};
  }

  void join_halves() {
    for (Index r = 0; r < records_.size(); ++r) {
      if (records_[r].split_from == kNone) continue;
      const auto a = find(r);
      const auto b = find(records_[r].split_from);
      if (a != b && !is_forbidden(a, b)) join(a, b);
    }
  }

  // A given name and a family name together are one person's, wherever in a record they stand.
  void join_by_full_names() {
    std::map<std::pair<Index, Index>, std::vector<Index>> buckets;
    for (Index r = 0; r < records_.size(); ++r) {
      const auto person = person_of_forms(records_[r].forms);
      for (const auto& [given, given_count] : person.given) {
        if (words_[given].text.size() == 1) continue;
        for (const auto& [family, family_count] : person.families) {
          buckets[{given, family}].push_back(r);
        }
      }
    }
    for (const auto& [key, bucket] : buckets) {
      join_bucket(bucket, [](Index, Index) { return true; });
    }
  }

  void join_by_forms() {
    std::vector<Index> order;
    for (Index f = 0; f < forms_.size(); ++f) {
      if (!forms_[f].is_ambiguous && forms_[f].records.size() > 1) order.push_back(f);
    }
    std::sort(order.begin(), order.end(), [&](Index left, Index right) {
      const auto key = [&](Index f) {
        return std::tuple(-specificity(f), -static_cast<std::int64_t>(forms_[f].records.size()),
                          std::string_view(forms_[f].name->key));
      };
      return key(left) < key(right);
    });
    for (const auto f : order) {
      const auto bucket = forms_[f].records;
      join_bucket(bucket, [](Index, Index) { return true; });
    }
  }

  // Whether a person known by less can be one known by more, by what their names are made of.
  bool derives(const Person& less, const Person& more) const {
    bool has_evidence = false;
    if (!less.given.empty()) {
      if (!meets_given(less.given, more.given) && !less.given.meets(more.either)) return false;
      has_evidence = true;
    }
    if (!less.families.empty()) {
      Counts words = more.families;
      for (const auto& [word, count] : more.either) words.add(word, count);
      if (!less.families.meets(words)) return false;
      if (less.given.empty() && !fits_family_name(less, more)) return false;
      has_evidence = true;
    }
    if (!less.either.empty()) {
      Counts words = more.families;
      for (const auto& [word, count] : more.either) words.add(word, count);
      for (const auto& [word, count] : more.given) words.add(word, count);
      if (!less.either.meets(words)) return false;
      has_evidence = true;
    }
    if (!has_evidence) return derives_by_post(less, more);
    return !differs_in_title(less, more);
  }

  // "The Colonel" is Colonel Brandon.
  static bool derives_by_post(const Person& less, const Person& more) {
    return !less.roles.empty() && less.titles.empty() && less.roles.meets(more.titles);
  }

  // `less` has a family name only.
  bool fits_family_name(const Person& less, const Person& more) const {
    const bool is_missus = less.family_titles.count(static_cast<Index>(Title::missus)) > 0;
    const bool is_miss = less.family_titles.count(static_cast<Index>(Title::miss)) > 0;
    if ((is_missus || is_miss) && !more.given.empty()) {
      if (more.gender() == Gender::male) return false;
      if (is_missus && !more.has_married_title) return false;
      if (is_miss && more.has_married_title) return false;
    }
    return true;
  }

  static std::size_t knowledge(const Person& person) {
    return (person.given.empty() ? 0U : 2U) + (person.families.empty() ? 0U : 2U) +
           (person.either.empty() ? 0U : 1U) + (person.family_titles.empty() ? 0U : 1U);
  }

  // A person known by a part of a name is the only one that it can be a part of.
  void derive() {
    for (int round = 0; round < 4; ++round) {
      bool has_changed = false;
      auto order = roots();
      std::sort(order.begin(), order.end(), [&](Index left, Index right) {
        const auto a = people_[left].records.size();
        const auto b = people_[right].records.size();
        return a != b ? a > b : left < right;
      });
      for (const auto r : order) {
        if (find(r) != r) continue;
        const auto& less = people_[r];
        if (less.given.empty() && less.families.empty() && less.either.empty() &&
            less.roles.empty()) {
          continue;
        }
        std::vector<Index> candidates;
        for (const auto other : order) {
          if (find(other) != other || other == r) continue;
          const auto& more = people_[other];
          if (knowledge(more) < knowledge(less)) continue;
          if (!derives(less, more) || !may_join(r, other)) continue;
          candidates.push_back(other);
        }
        prefer_same_title(less, candidates);
        prefer_men_of_family(less, candidates);
        if (candidates.empty() || !are_compatible(candidates)) continue;
        auto best = candidates.front();
        for (const auto other : candidates) {
          if (closeness(r, other) > closeness(r, best)) best = other;
        }
        join(r, best);
        has_changed = true;
      }
      if (!has_changed) break;
    }
  }

  // Of a Lady Catherine and a Catherine the first is who "Lady Catherine" is.
  void prefer_same_title(const Person& less, std::vector<Index>& candidates) const {
    if (less.titles.empty()) return;
    const auto differs = [&](Index other) { return !less.titles.meets(people_[other].titles); };
    if (std::all_of(candidates.begin(), candidates.end(), differs)) return;
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), differs),
                     candidates.end());
  }

  // A family name without a title is a man's, if there is one, in a book that calls women Miss and
  // Mrs.
  void prefer_men_of_family(const Person& less, std::vector<Index>& candidates) const {
    if (!less.given.empty() || !less.titles.empty() || less.gender() != Gender::unknown) return;
    const auto is_woman = [&](Index other) { return people_[other].gender() == Gender::female; };
    if (std::all_of(candidates.begin(), candidates.end(), is_woman)) return;
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(), is_woman),
                     candidates.end());
  }

  // Whether all could be one person, so that it does not matter which is taken first.
  bool are_compatible(const std::vector<Index>& candidates) const {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (std::size_t j = i + 1; j < candidates.size(); ++j) {
        const auto& a = people_[candidates[i]];
        const auto& b = people_[candidates[j]];
        if (!may_join(candidates[i], candidates[j])) return false;
        if (!derives(a, b) && !derives(b, a)) return false;
      }
    }
    return true;
  }

  // A name that several people have is whose it mostly is, among those who are not in the same
  // delivery under another one; at three to one.
  void assign_ambiguous() {
    for (Index r = 0; r < records_.size(); ++r) {
      const auto person = find(r);
      if (people_[person].records.size() != 1) continue;
      Index best = kNone;
      Index best_count = 0;
      Index rest = 0;
      for (const auto other : roots()) {
        if (other == person || !may_join(person, other)) continue;
        Index count = 0;
        for (const auto f : records_[r].forms) count += people_[other].forms.count(f);
        if (count == 0) continue;
        if (count > best_count) {
          rest += best_count;
          best_count = count;
          best = other;
        } else {
          rest += count;
        }
      }
      if (best != kNone && best_count >= 3 * rest) join(person, best);
    }
  }

  // Two entries of one delivery are one person when the same is listed as one often elsewhere.
  void bend() {
    for (Index r = 0; r < records_.size(); ++r) {
      const auto person = find(r);
      for (const auto other : roots()) {
        if (other == person || find(other) == find(r)) continue;
        const auto mine = find(r);
        if (people_[mine].records.size() > people_[other].records.size()) continue;
        if (is_forbidden(mine, other) || contradicts(people_[mine], people_[other])) continue;
        if (!shares_delivery(mine, other)) continue;
        if (is_one_in_spite(mine, other)) join(mine, other);
      }
    }
  }

  // In how many records the person has a name that the other has too and that is one person's.
  Index shared_names(const Person& person, const Person& other) const {
    Index count = 0;
    for (const auto r : person.records) {
      const auto& forms = records_[r].forms;
      const auto is_shared = [&](Index f) {
        return !forms_[f].is_ambiguous && other.forms.count(f) > 0;
      };
      if (std::any_of(forms.begin(), forms.end(), is_shared)) ++count;
    }
    return count;
  }

  bool is_one_in_spite(Index small, Index large) const {
    const auto& a = people_[small];
    const auto& b = people_[large];
    Index both = 0;
    for (const auto& entry : a.deliveries) {
      if (b.deliveries.count(entry.first) > 0) ++both;
    }
    const bool same_full_name =
        std::any_of(a.forms.begin(), a.forms.end(), [&](const auto& mine) {
          const auto& form = forms_[mine.first];
          if (!form.is_full() || words_[form.given].text.size() == 1) return false;
          return std::any_of(b.forms.begin(), b.forms.end(), [&](const auto& theirs) {
            return forms_[theirs.first].given == form.given &&
                   forms_[theirs.first].family == form.family;
          });
        });
    if (same_full_name) return true;
    return shared_names(a, b) >= 3 * both && shared_names(b, a) >= 3 * both;
  }

  // What is still apart and has the very same name: of each two of them nothing says that they
  // differ.
  void join_leftovers() {
    for (const auto& form : forms_) {
      if (form.records.size() < 2) continue;
      std::vector<Index> bucket;
      for (const auto r : form.records) {
        if (records_[r].forms.size() == 1) bucket.push_back(r);
      }
      join_bucket(bucket, [&](Index a, Index b) {
        return people_[a].forms.size() == 1 && people_[b].forms.size() == 1;
      });
    }
  }

  std::vector<std::uint32_t> number_people() const {
    std::vector<std::uint32_t> number_of(records_.size(), kNone);
    Index next = 0;
    for (Index r = 0; r < records_.size(); ++r) {
      auto& number = number_of[find(r)];
      if (number == kNone) number = next++;
    }
    std::vector<std::uint32_t> numbers;
    numbers.reserve(inputs_.size());
    for (const auto position : position_) numbers.push_back(number_of[find(position)]);
    return numbers;
  }

  std::span<const PreparedRecord> inputs_;
  std::span<const IdentityDecision> decisions_;
  std::vector<Index> position_;  // of each input in records_
  std::vector<Record> records_;
  std::vector<Word> words_;
  std::unordered_map<std::string_view, Index> word_numbers_;
  std::vector<Form> forms_;
  std::unordered_map<std::string, Index> form_numbers_;
  std::vector<Person> people_;
  std::vector<Index> parent_;
  std::vector<std::pair<Index, Index>> different_;
};

}  // namespace

PreparedRecord prepare(const PersonRecord& record) {
  PreparedRecord prepared{.id = std::string(record.id),
                          .delivery = std::string(record.delivery),
                          .order = record.order,
                          .names = {}};
  const auto add = [&](std::string_view text) {
    if (prepared.names.size() >= kMaximumNamesOfRecord) return;
    auto name = parse_name(text);
    if (name.kind == NameKind::nobody) return;
    const auto is_same = [&](const Name& other) { return other.key == name.key; };
    if (std::none_of(prepared.names.begin(), prepared.names.end(), is_same)) {
      prepared.names.push_back(std::move(name));
    }
  };
  add(record.name);
  for (const auto& alias : record.aliases) add(alias);
  return prepared;
}

std::vector<std::uint32_t> identify_people(std::span<const PreparedRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  return Identifier(records, decisions).run();
}

std::vector<std::uint32_t> identify_people(std::span<const PersonRecord> records,
                                           std::span<const IdentityDecision> decisions) {
  std::vector<PreparedRecord> prepared;
  prepared.reserve(records.size());
  for (const auto& record : records) prepared.push_back(prepare(record));
  return identify_people(std::span<const PreparedRecord>(prepared), decisions);
}

}  // namespace fabula::dossier
